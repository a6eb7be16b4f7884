package term_test

import (
	"testing"

	"github.com/ebb-go/ebb/internal/term"
)

func TestWidth(t *testing.T) {
	for in, want := range map[string]int{
		"": 0, "abc": 3, "é": 1, "e\u0301": 1, "数据库": 6, "ｗｉｄｅ": 8, "한국어": 6, "カナ": 4, "ｶﾅ": 2, "🚀": 2, "⏰✅": 4, "…·█▒": 4,
		"\u2068שלום\u2069": 4, "𠀀": 2, "→": 1, "★": 1, "€": 1,
	} {
		if got := term.Width(in); got != want {
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
		if got := term.Fit(tt.in, tt.n); got != tt.want {
			t.Errorf("Fit(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}
