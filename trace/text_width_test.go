package trace_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ebb-go/ebb/trace"
)

func TestClean(t *testing.T) {
	tests := []struct{ rule, in, want string }{
		{"plain text is as it is", "postgres #2", "postgres #2"},
		{"letters of any script are as they are", "数据库 שלום é 🚀", "数据库 שלום é 🚀"},
		{"joiners that scripts need stay", "می\u200cخواهم 👩\u200d💻", "می\u200cخواهم 👩\u200d💻"},
		{"an empty name is seen", "", `""`},
		{"a line break is escaped", "a\nb\r\n", `a\nb\r\n`},
		{"an escape sequence is escaped", "\x1b[2J", `\x1b[2J`},
		{"C1 controls too", "\u0085\u009b", `\u0085\u009b`},
		{"delete too", "\x7f", `\x7f`},
		{"bidirectional overrides and isolates too", "\u202ea\u2066b\u200f", `\u202ea\u2066b\u200f`},
		{"line and paragraph separators too", "\u2028\u2029", `\u2028\u2029`},
		{"zero width space and byte order mark too", "\u200b\ufeff", `\u200b\ufeff`},
		{"invisible tags too", "\U000e0041", `\U000e0041`},
		{"noncharacters too, XML forbids them", "\ufffe\uffff\ufdd0\U0001ffff", `\ufffe\uffff\ufdd0\U0001ffff`},
		{"invalid UTF-8 is escaped byte by byte", "\xff\xc3(", `\xff\xc3(`},
		{"a replacement character that is one stays", "\ufffd", "\ufffd"},
	}
	for _, tt := range tests {
		if got := trace.Clean(tt.in); got != tt.want {
			t.Errorf("%s: Clean(%+q) = %+q, want %+q", tt.rule, tt.in, got, tt.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, name := range hostileNames {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := trace.Clean(s)
		if !utf8.ValidString(got) || got == "" {
			t.Errorf("Clean(%q) = %q", s, got)
		}
		if again := trace.Clean(got); again != got {
			t.Errorf("cleaning %q twice: %q, then %q", s, got, again)
		}
		for n := range 12 {
			if w := trace.Cells(trace.Fit(s, n+1)); w > n+1 {
				t.Errorf("Fit(%q, %d) has width %d", s, n+1, w)
			}
		}
	})
}

func TestIsolate(t *testing.T) {
	for in, want := range map[string]string{
		"postgres": "postgres",
		"数据":       "数据",
		"שלום":     "\u2068שלום\u2069",
		"db قاعدة": "\u2068db قاعدة\u2069",
	} {
		if got := trace.Isolate(in); got != want {
			t.Errorf("Isolate(%q) = %+q, want %+q", in, got, want)
		}
	}
}

func TestWidth(t *testing.T) {
	for in, want := range map[string]int{
		"": 0, "abc": 3, "é": 1, "e\u0301": 1, "数据库": 6, "ｗｉｄｅ": 8, "한국어": 6, "カナ": 4, "ｶﾅ": 2, "🚀": 2, "⏰✅": 4, "…·█▒": 4,
		"\u2068שלום\u2069": 4, "𠀀": 2, "→": 1, "★": 1, "€": 1,
	} {
		if got := trace.Cells(in); got != want {
			t.Errorf("Width(%q) = %d, want %d", in, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	tests := []struct {
		in   string
		n    int
		want string
	}{
		{"postgres", 8, "postgres"},
		{"postgres", 7, "postgr…"},
		{"数据库连接池", 6, "数据…"}, // 7 would be too wide
		{"数据库连接池", 7, "数据库…"},
		{"שלום עולם", 5, "\u2068שלום…\u2069"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"}, // marks stay with their letter
		{"a\nb", 3, `a\…`},
		{"abc", 1, "…"},
	}
	for _, tt := range tests {
		if got := trace.Fit(tt.in, tt.n); got != tt.want {
			t.Errorf("Fit(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}

func TestShort(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s": 0, "1ns": 1, "999ns": 999, "1µs": 1000, "1.5µs": 1500, "999µs": 999*time.Microsecond + 400, "1ms": time.Millisecond - 1,
		"2.34ms": 2_340_000, "12.5ms": 12_500_000, "310ms": 310_400_000, "1s": 999_900_000, "1.24s": 1_240_000_000, "25s": 25 * time.Second,
		"59.4s": 59_400_000_000, "1m00s": 59_600_000_000, "2m05s": 125 * time.Second, "1h30m": 90 * time.Minute, "-5ms": -5 * milli,
	} {
		if got := trace.Short(d); got != want {
			t.Errorf("Short(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	for want, n := range map[string]int{"0": 0, "999": 999, "1,000": 1000, "9,950": 9950, "1,000,000": 1_000_000, "-1": -1, "-12,345": -12345, "-123": -123} {
		if got := trace.Thousands(n); got != want {
			t.Errorf("Thousands(%d) = %q, want %q", n, got, want)
		}
	}
}

// In a terminal every column begins in the same cell, whatever the names are.
func TestTextColumnsAlign(t *testing.T) {
	for name, r := range samples() {
		text := formatOf("txt").render(t, r)
		lines := strings.Split(text, "\n")
		var column int
		for _, line := range lines {
			if before, _, ok := strings.Cut(line, "outcome"); ok {
				column = trace.Cells(before)
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
		if trace.Cells(line[:i]) == cell && trace.Cells(string(r)) > 0 {
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
			if w := trace.Cells(line); w > 120 {
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
