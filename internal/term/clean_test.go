package term_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ebb-go/ebb/internal/term"
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
		if got := term.Clean(tt.in); got != tt.want {
			t.Errorf("%s: Clean(%+q) = %+q, want %+q", tt.rule, tt.in, got, tt.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, name := range []string{
		"new\nline\r\nand\ttab", "\x1b[31mred\x1b[0m", "שלום עולם", "قاعدة البيانات", "evil\u202egnp.exe", "\u2066open isolate", "数据库连接池", "combining e\u0301\u0302\u0303",
		"bad\xff\xfeutf8", "", "nul\x00\uffff\u2028end", strings.Repeat("\x01", 2000),
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := term.Clean(s)
		if !utf8.ValidString(got) || got == "" {
			t.Errorf("Clean(%q) = %q", s, got)
		}
		if again := term.Clean(got); again != got {
			t.Errorf("cleaning %q twice: %q, then %q", s, got, again)
		}
		for n := range 12 {
			if w := term.Width(term.Fit(s, n+1)); w > n+1 {
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
		if got := term.Isolate(in); got != want {
			t.Errorf("Isolate(%q) = %+q, want %+q", in, got, want)
		}
	}
}
