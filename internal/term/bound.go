package term

import (
	"fmt"
	"hash/crc32"
	"unicode/utf8"

	"github.com/ebb-go/ebb/internal/fault"
)

// Names, types and errors come from users, and leave the process: in spans,
// metrics, reports, JSON and on the page. There they are valid UTF-8, since one
// broken byte makes an exporter refuse the whole batch, and of bounded length,
// since a collector refuses messages over 4 MiB and a reader has one screen.
// Each text passes through one of the functions below, or through clean, on its
// way out; within the process it stays as it is.

const (
	MaxName  = 256         // bytes of a name, a type, or another word
	MaxText  = 4096        // bytes of the text of one error, or of a cause
	MaxExit  = 4 * MaxText // bytes of the error of a whole exit, which may have many
	maxClean = 1024        // bytes of one line of a picture, however it was made visible
)

// Bounded makes s valid UTF-8 of about n bytes at most, as package json does: each
// byte that is none becomes U+FFFD.
func Bounded(s string, n int) string {
	s = Cut(s, n)
	if utf8.ValidString(s) {
		return s
	}
	return Cut(string([]rune(s)), n) // three bytes for one
}

// Cut shortens s to about n bytes, not within a rune.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for k := 0; k < utf8.UTFMax-1 && n > 0 && !utf8.RuneStart(s[n]); k++ {
		n--
	}
	return s[:n] + "…"
}

// Word bounds a name. Two long names that begin alike stay two: what is left out
// leaves a hash, so that edges, which are pairs of names, still meet their ends.
func Word(s string) string {
	if len(s) <= MaxName && utf8.ValidString(s) {
		return s
	}
	if short := string([]rune(Cut(s, MaxName+1))); len(short) <= MaxName {
		return short
	}
	sum := uint32(0)
	for rest := s; rest != ""; { // a copy of s would be as long as s
		var part [512]byte
		n := copy(part[:], rest)
		sum = crc32.Update(sum, crc32.IEEETable, part[:n])
		rest = rest[n:]
	}
	return Bounded(s, MaxName-16) + fmt.Sprintf("%08x", sum)
}

// Words bounds names. It returns list itself if there is nothing to do.
func Words(list []string) []string {
	for i, s := range list {
		if len(s) <= MaxName && utf8.ValidString(s) {
			continue
		}
		short := append(make([]string, 0, len(list)), list[:i]...)
		for _, s := range list[i:] {
			short = append(short, Word(s))
		}
		return short
	}
	return list
}

// Error is the text of err, bounded. It is there for every error, since a
// report, a page or a span must come out whatever Error does; see [fault.Text].
func Error(err error) string { return Cut(fault.Text(err), MaxText) }
