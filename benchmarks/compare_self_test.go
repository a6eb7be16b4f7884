package benchmarks

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestCompareOnce: sides take turns, every other round the other way round, and
// only what is between start and stop counts.
func TestCompareOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		slow := func(name string, d time.Duration) side {
			return side{name, func(w *watch, n int) error {
				order = append(order, name)
				w.stop()
				time.Sleep(time.Hour)
				w.start()
				time.Sleep(time.Duration(n) * d)
				w.metric(float64(n), "ops")
				return nil
			}}
		}
		watches, err := compareFor(20*time.Second, 0, []side{slow("a", time.Millisecond), slow("b", time.Second)})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []time.Duration{time.Millisecond, time.Second} {
			w := watches[i]
			if w.elapsed/time.Duration(w.n) != want || w.elapsed < 20*time.Second || !w.paused {
				t.Errorf("side %d: %d operations in %v, want %v each", i, w.n, w.elapsed, want)
			}
		}
		turns := order[len(order)-2*rounds:]
		if !slices.Equal(turns[:4], []string{"a", "b", "b", "a"}) {
			t.Errorf("turns: %v", turns)
		}
	})
}

// TestCompareFixed: with -benchtime 3x there are three operations of each side,
// and nothing else is run.
func TestCompareFixed(t *testing.T) {
	calls := 0
	watches, err := compareFor(0, 3, []side{each("a", func() error { calls++; return nil })})
	if err != nil || calls != 3 || watches[0].n != 3 || watches[0].paused {
		t.Errorf("%d calls, %+v, %v", calls, watches, err)
	}
}

func TestCompareFails(t *testing.T) {
	boom := errors.New("boom")
	if _, err := compareFor(time.Second, 0, []side{each("a", func() error { return boom })}); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
}
