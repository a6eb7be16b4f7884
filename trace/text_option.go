package trace

import (
	"io"
	"os"

	"github.com/ebb-go/ebb/internal/term"
)

// A TextOption is an option of the text writers; see [Width].
type TextOption interface{ applyText(*textLayout) }

// Width makes a text n columns wide, at least 40 and at most 500. Without it a
// text is as wide as the terminal it is written to, and 100 columns where it is
// written to anything else.
func Width(n int) TextOption { return widthOption(n) }

// widthOption is the option of [Width].
type widthOption int

func (o widthOption) applyText(l *textLayout) { l.cells = int(o) }

const (
	usualWidth   = 100
	leastWidth   = 40
	largestWidth = 500
)

// textLayout is what a text has to fit into.
type textLayout struct{ cells int }

// layoutFor applies the options to what w has room for. Only an *os.File is asked
// whether it is a terminal: any other writer is the user's, and its methods, but for
// Write, are not to be called.
func layoutFor(w io.Writer, opts []TextOption) textLayout {
	var l textLayout
	for _, o := range opts {
		if o != nil {
			o.applyText(&l)
		}
	}
	if l.cells == 0 {
		l.cells = usualWidth
		if f, ok := w.(*os.File); ok && f != nil { // a writer of another type has no methods that are safe to call
			if n := term.Columns(f); n > 0 {
				l.cells = n
			}
		}
	}
	l.cells = min(max(l.cells, leastWidth), largestWidth)
	return l
}

// name is how many cells the longest name may take: a bit more than a quarter.
func (l textLayout) name() int { return min(max(l.cells*7/25, 12), 60) }
