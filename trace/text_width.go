package trace

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Names come from anywhere: a tenant, a URL, a file. In every picture they pass
// through clean first, so that none can break a line, move a cursor, close a
// string or turn the text around it about. JSON has them as they are.

// clean returns s with everything that steers instead of shows written as a Go
// escape: control characters, invalid UTF-8, format characters other than the
// two joiners that scripts need, line and paragraph separators, and
// noncharacters, which XML forbids. An empty name becomes "". What is longer
// than a line of a picture, escapes included, is cut, and ends in an ellipsis.
func clean(s string) string {
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

// isolate puts marks round a text that has right-to-left letters, so that it
// does not reorder its neighbours. The marks have no width. The text must be
// clean, or it could end the isolation itself.
func isolate(s string) string {
	if strings.IndexFunc(s, rightToLeft) < 0 {
		return s
	}
	return fsi + s + pdi
}

func rightToLeft(r rune) bool {
	return r >= 0x590 && (r <= 0x8ff || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefe ||
		r >= 0x10800 && r <= 0x10fff || r >= 0x1e800 && r <= 0x1efff)
}

// width returns how many cells s takes in a terminal.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// runeWidth is 2 for what East Asian fonts and emoji draw in two cells, 0 for
// marks that sit on the rune before, and 1 for the rest. The ranges are those
// of Unicode's EastAsianWidth.txt (W and F), joined where what lies between
// them is hardly used.
func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r >= 0x1100 && r <= 0x115f, // Hangul initials
		r >= 0x2e80 && r <= 0xa4cf && r != 0x303f, // radicals, kana, ideographs, Yi
		r >= 0xa960 && r <= 0xa97c,
		r >= 0xac00 && r <= 0xd7a3, // Hangul syllables
		r >= 0xf900 && r <= 0xfaff,
		r >= 0xfe10 && r <= 0xfe19, r >= 0xfe30 && r <= 0xfe6b,
		r >= 0xff01 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6, // full width
		r >= 0x16fe0 && r <= 0x18cff, r >= 0x1aff0 && r <= 0x1b2ff, // Tangut, kana
		r >= 0x1f300 && r <= 0x1f64f, r >= 0x1f680 && r <= 0x1f6ff, // emoji
		r >= 0x1f7e0 && r <= 0x1f7f0, r >= 0x1f900 && r <= 0x1faff,
		r >= 0x1f200 && r <= 0x1f265, r >= 0x1f191 && r <= 0x1f19a,
		r == 0x1f004, r == 0x1f0cf, r == 0x1f18e,
		r >= 0x20000 && r <= 0x3fffd: // ideographs
		return 2
	case r >= 0x231a && r <= 0x2b55:
		return emojiWidth(r)
	}
	return 1
}

// emojiWidth tells the wide ones among the symbols of the Basic Multilingual
// Plane.
func emojiWidth(r rune) int {
	const wide = "⌚⌛〈〉⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"
	if strings.ContainsRune(wide, r) {
		return 2
	}
	return 1
}

// fit cleans s, shortens it to at most n cells with an ellipsis at its end,
// and isolates it.
func fit(s string, n int) string {
	s = clean(s)
	if width(s) <= n {
		return isolate(s)
	}
	cells, end := 0, 0
	for i, r := range s {
		w := runeWidth(r)
		if cells+w > n-1 {
			break
		}
		cells += w
		end = i + utf8.RuneLen(r)
	}
	return isolate(s[:end] + "…")
}

// padRight and padLeft fill s up to n cells.
func padRight(s string, n int) string { return s + strings.Repeat(" ", max(0, n-width(s))) }
func padLeft(s string, n int) string  { return strings.Repeat(" ", max(0, n-width(s))) + s }

// short prints d with at most three digits and its unit: 1.24s, 310ms, 15µs.
// From a minute on it counts whole seconds.
func short(d time.Duration) string {
	if d < 0 {
		return "-" + short(-max(d, -longest)) // the least has no opposite
	}
	if d >= time.Minute-time.Second/2 {
		d = d.Round(time.Second)
		h, m, s := d/time.Hour, d%time.Hour/time.Minute, d%time.Minute/time.Second
		if h > 0 {
			return fmt.Sprintf("%dh%02dm", h, m)
		}
		return fmt.Sprintf("%dm%02ds", m, s)
	}
	switch {
	case d == 0:
		return "0s"
	case d >= time.Second-time.Millisecond/2:
		return digits(d.Seconds()) + "s"
	case d >= time.Millisecond-time.Microsecond/2:
		return digits(float64(d)/1e6) + "ms"
	case d >= time.Microsecond:
		return digits(float64(d)/1e3) + "µs"
	}
	return fmt.Sprintf("%dns", d)
}

// digits prints three significant digits without trailing zeros.
func digits(f float64) string {
	decimals := 2
	switch {
	case f >= 99.95:
		decimals = 0
	case f >= 9.995:
		decimals = 1
	}
	s := fmt.Sprintf("%.*f", decimals, f)
	if decimals > 0 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// plural prints n, with separators, and the noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}

// thousands prints n as 9,950.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
