package term

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Width returns how many cells s takes in a terminal.
func Width(s string) int {
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

// emojiWidth finds the wide ones among the symbols of the Basic Multilingual
// Plane.
func emojiWidth(r rune) int {
	const wide = "⌚⌛〈〉⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"
	if strings.ContainsRune(wide, r) {
		return 2
	}
	return 1
}

// Fit cleans s, shortens it to at most n cells with an ellipsis at its end,
// and isolates it.
func Fit(s string, n int) string {
	s = Clean(s)
	if Width(s) <= n {
		return Isolate(s)
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
	return Isolate(s[:end] + "…")
}

// PadRight fills s up to n cells. What is wider stays as it is.
func PadRight(s string, n int) string { return s + strings.Repeat(" ", max(0, n-Width(s))) }

// PadLeft fills s from the left up to n cells.
func PadLeft(s string, n int) string { return strings.Repeat(" ", max(0, n-Width(s))) + s }
