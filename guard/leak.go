package guard

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
)

// A Leak is a guard, or a handle of a [Shared], that was garbage-collected
// without having been dropped.
type Leak struct {
	Name  string // as given by the option Name; "" without
	Type  string // of the value, "*sql.DB"; "*guard.Shared[...]" for a handle
	Site  string // where it was made, "file:line"; "" with StackDepth(0)
	Stack string // of the goroutine that made it, with StackDepth(2) and more
}

// watching is the one package variable besides the errors: who hears of the
// guards of this process. It cannot belong to an object that the program passes
// around, as the one guard it is for is the guard that nobody passed on. It is
// an immutable value behind an atomic pointer, nil while nobody listens, so that
// it costs a guard one load.
var watching atomic.Pointer[watchers]

type watchers struct {
	hooks  []*func(Leak)
	tracks []*track
}

// rewatch replaces the watchers by what edit makes of a copy of them.
func rewatch(edit func(w *watchers)) {
	for {
		old := watching.Load()
		w := new(watchers)
		if old != nil {
			w.hooks, w.tracks = slices.Clone(old.hooks), slices.Clone(old.tracks)
		}
		edit(w)
		if len(w.hooks)+len(w.tracks) == 0 {
			w = nil
		}
		if watching.CompareAndSwap(old, w) {
			return
		}
	}
}

// OnLeak has report called for every leak from now on, until restore is called.
// Without any such function, a leak is logged through [log/slog.Default] at
// level Error; with several, each is called. They are called on a goroutine of
// the runtime, several at once perhaps, and must not block. The runtime finds a
// leak when it collects garbage, some time after the guard was forgotten, and not
// at all at the end of the program: it is the last resort, after a scope for
// what that owns, and guardtest in tests. OnLeak panics if report is nil.
func OnLeak(report func(Leak)) (restore func()) {
	if report == nil {
		panic("guard: nil leak function")
	}
	hook := &report
	rewatch(func(w *watchers) { w.hooks = append(w.hooks, hook) })
	return func() {
		rewatch(func(w *watchers) {
			w.hooks = slices.DeleteFunc(w.hooks, func(h *func(Leak)) bool { return h == hook })
		})
	}
}

// leaked is the leak hook. The guard is gone, so nobody else uses o.
func leaked(o *origin) {
	if o.lost != nil {
		o.lost.lose()
	}
	l := o.leak()
	w := watching.Load()
	if w == nil || len(w.hooks) == 0 {
		attrs := []any{slog.String("guard", l.Name), slog.String("type", l.Type), slog.String("site", l.Site)}
		if l.Stack != "" {
			attrs = append(attrs, slog.String("stack", l.Stack))
		}
		slog.Error("guard: forgotten, collected without having been dropped", attrs...)
		return
	}
	for _, report := range w.hooks {
		(*report)(l)
	}
}

// Track remembers every guard and every handle of a [Shared] that is made from
// now on, by any goroutine. The function it returns ends that, and returns those
// that were not dropped, released or given to an owner, in the order in which they
// were made. So a test need not wait for the garbage collector; guardtest.Check
// does this for it. Guards with an owner are the owner's to report.
func Track() (stop func() []Leak) {
	t := &track{made: make(map[*origin]int)}
	rewatch(func(w *watchers) { w.tracks = append(w.tracks, t) })
	return func() []Leak {
		rewatch(func(w *watchers) {
			w.tracks = slices.DeleteFunc(w.tracks, func(other *track) bool { return other == t })
		})
		return t.leaks()
	}
}

// A track is a set of origins in the order of their arming. It keeps no guard
// from being collected.
type track struct {
	mu   sync.Mutex      // protects the following; taken under a guard's mu
	made map[*origin]int // what is armed now, with its number
	n    int             // of origins that were ever added
}

func (t *track) add(o *origin) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
	t.made[o] = t.n
}

func (t *track) remove(o *origin) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.made, o)
}

func (t *track) leaks() []Leak {
	t.mu.Lock()
	defer t.mu.Unlock()
	origins := make([]*origin, 0, len(t.made))
	for o := range t.made {
		origins = append(origins, o)
	}
	slices.SortFunc(origins, func(a, b *origin) int { return t.made[a] - t.made[b] })
	leaks := make([]Leak, len(origins))
	for i, o := range origins {
		leaks[i] = o.leak()
	}
	return leaks
}
