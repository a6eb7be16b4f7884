package engine_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
)

// A record is an observer that keeps what it is told.
type record struct {
	mu     sync.Mutex
	events []engine.Event
}

func (r *record) observe(e engine.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// of returns the events of some kinds.
func (r *record) of(kinds ...engine.EventKind) []engine.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.events), func(e engine.Event) bool { return !slices.Contains(kinds, e.Kind) })
}

// Every node has one start and one end; a wave's start comes before those of its
// drops, and its end after theirs and before the next start.
func TestEvents(t *testing.T) {
	for _, schedule := range schedules {
		for seed := range uint64(60) {
			m, r := newModel(t, seed, 40), new(record)
			started, ended := make(map[*engine.Node]int), make(map[*engine.Node]int)
			out := m.graph.Teardown(t.Context(), with(withOrder(schedule), withObserve(r.observe)))
			open, inWave, wave := false, 0, 0
			for i, e := range r.events {
				switch e.Kind {
				case engine.WaveStart:
					if open || e.Wave != wave {
						t.Fatalf("event %d: wave %d starts, wave %d is open: %v", i, e.Wave, wave, open)
					}
					open, inWave = true, e.Size
				case engine.WaveEnd:
					if !open || inWave != 0 || e.Wave != wave {
						t.Fatalf("event %d: wave %d ends, %d drops have not", i, e.Wave, inWave)
					}
					open = false
					wave++
				case engine.DropStart:
					if started[e.Node]++; schedule == engine.Waves && !(open && e.Wave == wave) {
						t.Fatalf("event %d: a drop of wave %d starts outside it", i, e.Wave)
					}
				case engine.DropEnd:
					ended[e.Node]++
					inWave--
				}
			}
			if schedule != engine.Waves && len(r.of(engine.WaveStart, engine.WaveEnd)) > 0 {
				t.Fatalf("%v has wave events", schedule)
			}
			if schedule == engine.Waves && (open || wave != out[len(out)-1].Wave+1) {
				t.Fatalf("%d waves ended, open: %v", wave, open)
			}
			for _, o := range out {
				if started[o.Node] != 1 || ended[o.Node] != 1 {
					t.Fatalf("node %s: %d starts, %d ends", o.Node.Name(), started[o.Node], ended[o.Node])
				}
			}
			m.checkReleased(t, out)
		}
	}
}

// checkReleased compares Queued and ReleasedBy with what the model says.
func (m *model) checkReleased(t *testing.T, out []engine.Outcome) {
	t.Helper()
	for _, o := range out {
		var last time.Time
		for _, d := range out {
			if m.deps[m.index[d.Node]][m.index[o.Node]] && d.Ended.After(last) {
				last = d.Ended
			}
		}
		switch {
		case last.IsZero() && o.ReleasedBy != nil:
			t.Fatalf("node %s has no dependents and was released by %s", o.Node.Name(), o.ReleasedBy.Name())
		case !last.IsZero() && !o.Queued.Equal(last):
			t.Fatalf("node %s: queued at %v, its last dependent ended at %v", o.Node.Name(), o.Queued, last)
		case !last.IsZero() && !m.deps[m.index[o.ReleasedBy]][m.index[o.Node]]:
			t.Fatalf("node %s was released by %s, which does not depend on it", o.Node.Name(), o.ReleasedBy.Name())
		}
		if o.Queued.IsZero() || o.Queued.After(o.Started) {
			t.Fatalf("node %s: queued %v, started %v", o.Node.Name(), o.Queued, o.Started)
		}
	}
}

// What the observer does to itself costs no drop: the teardown completes, and
// then Teardown panics.
func TestObserverIsContained(t *testing.T) {
	kinds := []engine.EventKind{engine.WaveStart, engine.WaveEnd, engine.DropStart, engine.DropEnd, engine.DropSlow}
	for _, kind := range kinds {
		for _, goexit := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v/goexit=%v", kind, goexit), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var g engine.Graph
					ran := 0
					drop := func(context.Context) error {
						time.Sleep(2 * time.Second)
						ran++
						panic("drop") // is not taken for the observer's
					}
					db := add(t, &g, "db", drop)
					add(t, &g, "api", drop, db)
					defer func() {
						p, ok := recover().(*fault.PanicError)
						if !ok {
							t.Fatalf("Teardown panicked with %v", p)
						}
						if goexit && !errors.Is(p, fault.ErrGoexit) || !goexit && p.Value != "observer" {
							t.Errorf("Teardown panicked with %v", p)
						}
						if ran != 2 {
							t.Errorf("%d drops ran", ran)
						}
					}()
					g.Teardown(t.Context(), with(withSlow(time.Second), withObserve(func(e engine.Event) {
						if e.Kind != kind {
							return
						}
						if goexit {
							runtime.Goexit()
						}
						panic("observer")
					})))
				})
			})
		}
	}
}

// A slow drop is told of once, when it is due; one that ends in time never is.
func TestSlow(t *testing.T) {
	for _, schedule := range schedules {
		synctest.Test(t, func(t *testing.T) {
			var g engine.Graph
			r := new(record)
			db := add(t, &g, "db", sleeps(7*time.Second))
			add(t, &g, "quick", sleeps(4*time.Second), db)
			add(t, &g, "slow", sleeps(12*time.Second), db)
			start := time.Now()
			out := g.Teardown(t.Context(), with(withSlow(5*time.Second), withObserve(r.observe), withOrder(schedule)))
			events := r.of(engine.DropSlow)
			if len(events) != 2 {
				t.Fatalf("%v: %d slow drops", schedule, len(events))
			}
			for i, o := range out[1:] {
				e := events[i]
				if e.Node != o.Node || e.At.Sub(o.Started) != 5*time.Second {
					t.Errorf("%v: %s was told of at %v", schedule, e.Node.Name(), e.At.Sub(start))
				}
			}
			if got := fmt.Sprint(events[0].Blocks, events[1].Blocks); got != "[db] []" {
				t.Errorf("%v: blocks %s", schedule, got)
			}
		})
	}
}

// A drop that was abandoned before it became slow is not told of any more.
func TestSlowAndAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var g engine.Graph
		r := new(record)
		insert(t, &g, engine.Spec{Name: "hangs", Timeout: time.Second, Dropper: dropper(hangs(release))})
		add(t, &g, "slow", sleeps(9*time.Second))
		g.Teardown(t.Context(), with(withSlow(5*time.Second), withObserve(r.observe)))
		if events := r.of(engine.DropSlow); len(events) != 1 || events[0].Node.Name() != "slow" {
			t.Errorf("%d slow drops", len(events))
		}
	})
}

// The result of an abandoned drop is told once and changes nothing, before or
// after Teardown has returned.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g engine.Graph
		r := new(record)
		release := make(chan struct{})
		add(t, &g, "late", func(context.Context) error { <-release; return errDrop })
		add(t, &g, "later", func(context.Context) error { <-release; panic("later") })
		add(t, &g, "latest", func(context.Context) error { <-release; runtime.Goexit(); return nil })
		out := g.Teardown(t.Context(), with(withTimeout(time.Second), withObserve(func(e engine.Event) {
			r.observe(e)
			if e.Kind == engine.DropLate {
				panic("nobody is there to hear it")
			}
		})))
		close(release)
		synctest.Wait()
		late := r.of(engine.DropLate)
		var got []string
		for _, e := range late {
			got = append(got, e.Node.Name()+":"+e.Outcome.String())
		}
		slices.Sort(got)
		if want := []string{"late:error", "later:panic", "latest:goexit"}; !slices.Equal(got, want) {
			t.Errorf("late results %v, want %v", got, want)
		}
		if len(r.of(engine.DropEnd)) != 3 {
			t.Errorf("%d ends of 3 drops", len(r.of(engine.DropEnd)))
		}
		for _, o := range out {
			if o.Outcome.String() != "abandoned" || o.Err != engine.ErrAbandoned {
				t.Errorf("%s: %s, %v", o.Node.Name(), o.Outcome, o.Err)
			}
		}
	})
}

// TestReleasedByTheLast: of two nodes that all depends on, the one that ended last
// is said to have released the rest, even if it was the first of which the run
// took note.
func TestReleasedByTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g engine.Graph
		db := add(t, &g, "db", nothing)
		older := insert(t, &g, engine.Spec{Name: "older", Dropper: dropper(sleeps(2 * time.Second)), User: true, All: true})
		newer := insert(t, &g, engine.Spec{Name: "newer", Dropper: dropper(sleeps(time.Second)), User: true, All: true})
		began := time.Now()
		out := g.Teardown(t.Context(), with(withOrder(engine.Eager), withObserve(func(e engine.Event) {
			if e.Kind == engine.DropEnd && e.Node == newer {
				time.Sleep(5 * time.Second) // meanwhile older ends
			}
		})))
		for _, o := range out {
			if o.Node == db && (o.ReleasedBy != older || o.Queued.Sub(began) != 2*time.Second) {
				t.Errorf("released by %s after %v", nameOf(o.ReleasedBy), o.Queued.Sub(began))
			}
		}
	})
}
