package cputime_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ebb-go/ebb/internal/cputime"
)

// TestNow: work counts.
func TestNow(t *testing.T) {
	start, began := cputime.Now(), time.Now()
	for n := 0; cputime.Since(start) < 20*time.Millisecond; n++ {
		if time.Since(began) > time.Minute {
			t.Fatal("a busy process uses no time")
		}
	}
}

// TestLeast: each function is called in turn, and its least result counts.
func TestLeast(t *testing.T) {
	var calls []string
	count := func(name string, results ...time.Duration) func() time.Duration {
		return func() time.Duration {
			calls = append(calls, name)
			r := results[0]
			results = results[1:]
			return r
		}
	}
	got := cputime.Least(count("a", 5, 4, 3, 4, 5), count("b", 2, 1, 2, 3, 4))
	if !slices.Equal(got, []time.Duration{3, 1}) {
		t.Errorf("%v", got)
	}
	if !slices.Equal(calls[:4], []string{"a", "b", "a", "b"}) {
		t.Errorf("%q", calls)
	}
}
