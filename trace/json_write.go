package trace

import (
	"encoding/json"
	"io"
)

// JSON on the page is read by people too, so it is indented, and signs of HTML are
// not escaped: it is served under a type that no browser takes for a page.

// writeJSON writes v for a reader too: with indentation, unless v is nested so deep
// that this would be longer than itself.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if !deep(v) {
		e.SetIndent("", "  ")
	}
	return e.Encode(v)
}

// deep reports whether v has more levels than a text would indent. The indentation
// of n levels takes n times n bytes.
func deep(v any) bool {
	shot, ok := v.(view)
	if !ok {
		return false
	}
	for _, s := range shot.scopes {
		if s.deeperThan(mostLevels) {
			return true
		}
	}
	return false
}

// deeperThan reports whether s has more levels than n.
func (s *Snapshot) deeperThan(n int) bool {
	for i := range s.Children {
		if n == 0 || s.Children[i].deeperThan(n-1) {
			return true
		}
	}
	return false
}
