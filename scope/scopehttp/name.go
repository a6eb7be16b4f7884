package scopehttp

import (
	"net/http"
	"strings"
)

// unnamed is the name of the scope of a request whose route is not known.
const unnamed = "request"

// nameOf returns a name for the scope of r that is known before r is served, and whether
// a router further down may find a better one.
func (h *handler) nameOf(r *http.Request) (name string, passing bool) {
	if h.name != nil {
		if name := h.name(r); name != "" {
			return name, false
		}
	}
	pattern := r.Pattern
	if h.router != nil {
		_, pattern = h.router.Handler(r)
	}
	if pattern == "" {
		return unnamed, true
	}
	return routeName(r.Method, pattern), strings.HasSuffix(pattern, "/") || strings.HasSuffix(pattern, "...}")
}

// finalName returns the name by the pattern that was found in the end, or "" if that
// says no more.
func (q *request) finalName(method string) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.pattern == "" {
		return ""
	}
	return routeName(method, q.pattern)
}

// routeName returns the name of a route: its pattern, after a method. So names are
// few, and none is "/" alone, which makes paths like "api//".
func routeName(method, pattern string) string {
	if strings.ContainsAny(pattern, " \t") {
		return pattern
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method + " " + pattern
	}
	return "HTTP " + pattern // a client can invent methods
}
