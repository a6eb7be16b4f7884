package trace_test

import (
	"strings"
	"testing"

	"github.com/ebb-go/ebb/internal/term"
)

// In a terminal every column begins in the same cell, whatever the names are.
func TestTextColumnsAlign(t *testing.T) {
	for name, r := range samples() {
		text := formatOf("txt").render(t, r)
		lines := strings.Split(text, "\n")
		var column int
		for _, line := range lines {
			if before, _, ok := strings.Cut(line, "outcome"); ok {
				column = term.Width(before)
				continue
			}
			if line == "" {
				column = 0
			}
			if column > 0 && cellAt(line, column-1) != " " {
				t.Errorf("%s: the outcome is not in cell %d of %q", name, column, line)
			}
			if column > 0 && cellAt(line, column) == " " {
				t.Errorf("%s: no outcome in cell %d of %q", name, column, line)
			}
		}
	}
}

func cellAt(line string, cell int) string {
	for i, r := range line {
		if term.Width(line[:i]) == cell && term.Width(string(r)) > 0 {
			return string(r)
		}
	}
	return ""
}

func TestTextIsSafeAndNarrow(t *testing.T) {
	for name, r := range samples() {
		text := formatOf("txt").render(t, r)
		for line := range strings.SplitSeq(text, "\n") {
			if strings.HasPrefix(line, "   ") && strings.Contains(line, ": ") {
				continue // errors are as long as they are
			}
			if w := term.Width(line); w > 120 {
				t.Errorf("%s: %d cells: %q", name, w, line)
			}
		}
		for _, bad := range []string{"\x1b", "\r", "\t", "\u202e", "\u2066", "\x00", "\u2028"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s: the text contains %+q", name, bad)
			}
		}
		if n := strings.Count(text, "\n"); n > 160 {
			t.Errorf("%s: %d lines", name, n)
		}
	}
}

// The marks in front: an exclamation mark for what went wrong, an asterisk for
// the critical path, and both.
func TestTextMarks(t *testing.T) {
	text := formatOf("txt").render(t, everyOutcome())
	for _, want := range []string{" *    0  http ", "!     1  cache ", "!*    1  session-store ", "      2  files "} {
		if !strings.Contains(text, "\n"+want) {
			t.Errorf("no line begins with %q in\n%s", want, text)
		}
	}
	for _, want := range []string{"held back by", "waited 1.5s for 2 connections", "disk quota exceeded"} {
		if n := strings.Count(text, want); n != 1 {
			t.Errorf("%q occurs %d times, want once", want, n)
		}
	}
}

type badError struct{}

func (*badError) Error() string { panic("no text") }

// An error whose method panics is no reason to lose the report.
func TestErrorThatPanics(t *testing.T) {
	r := simulate("waves", simDrop{name: "a", outcome: "error", err: (*badError)(nil)})
	for _, f := range formats {
		f.render(t, r)
	}
	if data, err := r.MarshalJSON(); err != nil || !strings.Contains(string(data), "its Error method panicked") {
		t.Errorf("got %s, %v", data, err)
	}
}
