// Package outcome has the seven words for how a drop ended, which are the same in
// errors, reports, spans, metrics and pictures.
package outcome

// An Outcome is how a drop ended. Once it is not [None] it does not change: a
// drop that returns after it was abandoned stays abandoned.
//
// Public fields hold outcomes as words, since a report may come from a file that
// a later version has written. Code that compares or switches on a word parses it
// first; an unknown word is none of the outcomes.
type Outcome uint8

const (
	None      Outcome = iota // it has not ended
	OK                       // it returned nil
	Error                    // it returned an error
	Panic                    // it panicked
	Goexit                   // it called runtime.Goexit
	Timeout                  // it returned an error, or nothing, when its time was up
	Abandoned                // it was still running when its time was up
	Skipped                  // it never began
	count
)

// words are in the order of the constants; [None] has no word.
var words = [count]string{"", "ok", "error", "panic", "goexit", "timeout", "abandoned", "skipped"}

// String returns the word for o, and "" for None.
func (o Outcome) String() string {
	if o >= count {
		return ""
	}
	return words[o]
}

// Failed reports whether o is an outcome other than OK.
func (o Outcome) Failed() bool { return o > OK && o < count }

// Parse returns the outcome that word stands for, and None for any other text.
func Parse(word string) Outcome {
	for o := OK; o < count; o++ {
		if words[o] == word {
			return o
		}
	}
	return None
}
