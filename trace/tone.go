package trace

import "github.com/ebb-go/ebb/internal/outcome"

// failed reports whether word is the word of an outcome to look at. The states of a
// snapshot, and words that a later version has written, are not.
func failed(word string) bool { return outcome.Parse(word).Failed() }

// skipped reports whether the drop of e never began, so that its times are those
// of nothing.
func (e *Entry) skipped() bool { return e.Outcome == outcome.Skipped.String() }

// tone is the part of a class name that stands for an outcome.
func tone(word string) string {
	switch outcome.Parse(word) {
	case outcome.OK:
		return "ok"
	case outcome.Timeout:
		return "late"
	case outcome.Abandoned:
		return "gone"
	case outcome.Skipped:
		return "skip"
	case outcome.None:
		if word == "" {
			return "ok"
		}
	}
	return "error"
}
