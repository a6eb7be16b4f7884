package outcome_test

import (
	"fmt"
	"testing"

	"github.com/ebb-go/ebb/internal/outcome"
)

// Every outcome has a word of its own, which stands for it and for no other.
func TestWords(t *testing.T) {
	words := make(map[string]bool)
	for o := outcome.OK; o <= outcome.Skipped; o++ {
		word := o.String()
		if word == "" || words[word] || outcome.Parse(word) != o {
			t.Errorf("outcome %d has the word %q, which is parsed as %d", o, word, outcome.Parse(word))
		}
		words[word] = true
		if o.Failed() != (o != outcome.OK) {
			t.Errorf("%v: failed is %v", o, o.Failed())
		}
	}
	if len(words) != 7 {
		t.Errorf("%d words, want seven", len(words))
	}
}

// What is no outcome has no word, and has not failed: reports are read from files.
func TestNoOutcome(t *testing.T) {
	for _, word := range []string{"", "OK", "ok ", "Outcome(9)", "retried"} {
		if o := outcome.Parse(word); o != outcome.None || o.Failed() || o.String() != "" {
			t.Errorf("%q is parsed as %d, which is called %q", word, o, o)
		}
	}
	if o := outcome.Outcome(200); o.Failed() || o.String() != "" {
		t.Errorf("outcome 200 is called %q", o)
	}
}

func ExampleOutcome() {
	fmt.Println(outcome.Timeout, outcome.Timeout.Failed(), outcome.OK.Failed())
	// Output: timeout true false
}

func ExampleParse() {
	fmt.Println(outcome.Parse("skipped") == outcome.Skipped, outcome.Parse("unheard of") == outcome.None)
	// Output: true true
}
