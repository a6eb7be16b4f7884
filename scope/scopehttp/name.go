package scopehttp

import (
	"context"
	"net/http"
	"strings"

	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/ebb-go/ebb/internal/fault"
)

// unnamed is the name of the scope of a request whose route is not known.
const unnamed = "request"

// nameOf returns a name for the scope of r that is known before r is served, and what
// to call with the pattern that is known after it.
func (h *handler) nameOf(r *http.Request) (name string, final func(ctx context.Context, pattern string)) {
	final = func(context.Context, string) {}
	if h.name != nil {
		if name := h.name(r); name != "" {
			return name, final
		}
	}
	pattern := r.Pattern
	if h.router != nil {
		_, pattern = h.router.Handler(r)
	}
	if pattern != "" {
		return routeName(r.Method, pattern), final
	}
	return unnamed, func(ctx context.Context, pattern string) {
		if pattern != "" {
			rename(ctx, r.Context(), "scope "+routeName(r.Method, pattern))
		}
	}
}

// rename gives the span of a scope another name. inside is the scope's context, and
// outside the one that it was opened on: if both have the same span, it is not the
// scope's, which has none.
func rename(inside, outside context.Context, name string) {
	span, outer := oteltrace.SpanFromContext(inside), oteltrace.SpanFromContext(outside)
	if span == oteltrace.SpanFromContext(context.Background()) { // there is none
		return
	}
	fault.Contain(func() { // a tracer is foreign code, down to the comparison of its values
		if span.IsRecording() && span != outer {
			span.SetName(name)
		}
	})
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
