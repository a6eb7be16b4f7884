package term

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Names come from anywhere: a tenant, a URL, a file. In every picture they pass
// through clean first, so that none can break a line, move a cursor, close a
// string or turn the text around it about. JSON has them as they are.

// Clean returns s with everything that steers instead of shows written as a Go
// escape: control characters, invalid UTF-8, format characters other than the
// two joiners that scripts need, line and paragraph separators, and
// noncharacters, which XML forbids. An empty name becomes "". What is longer
// than a line of a picture, escapes included, is cut, and ends in an ellipsis.
func Clean(s string) string {
	if s == "" {
		return `""`
	}
	if len(s) <= maxClean && strings.IndexFunc(s, steers) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if b.Len() >= maxClean-longestEscape {
			b.WriteString("…")
			break
		}
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !steers(r) || r == utf8.RuneError:
			b.WriteRune(r)
		default:
			quoted := fmt.Sprintf("%+q", r) // '\n', '\x1b' or '\u202e'
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}

// longestEscape bounds what clean writes for one rune, and the ellipsis after it,
// so that a cleaned text is one that clean leaves as it is.
const longestEscape = 16

// steers reports whether clean has to look at r. RuneError is what ranging
// over invalid UTF-8 gives.
func steers(r rune) bool {
	switch {
	case r < 0x7f:
		return r < ' '
	case r == zwj || r == zwnj:
		return false
	case r == utf8.RuneError || r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

const (
	zwnj = '\u200c'
	zwj  = '\u200d'
	fsi  = "\u2068" // first strong isolate
	pdi  = "\u2069" // pop directional isolate
)

// Isolate puts marks round a text that has right-to-left letters, so that it
// does not reorder its neighbours. The marks have no width. The text must be
// clean, or it could end the isolation itself.
func Isolate(s string) string {
	if strings.IndexFunc(s, rightToLeft) < 0 {
		return s
	}
	return fsi + s + pdi
}

// rightToLeft reports whether r is in a block of a script that is written from right
// to left.
func rightToLeft(r rune) bool {
	return r >= 0x590 && (r <= 0x8ff || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefe ||
		r >= 0x10800 && r <= 0x10fff || r >= 0x1e800 && r <= 0x1efff)
}
