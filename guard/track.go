package guard

import (
	"slices"
	"sync"
)

// Track remembers every guard and every handle of a [Shared] that is made from
// now on, by any goroutine. The function it returns ends that, and returns those
// that were not dropped, released or given to an owner, in the order in which they
// were made; called again it returns those that are left of them. So a test need
// not wait for the garbage collector; guardtest.Check does this for it. Guards with
// an owner are the owner's to report.
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
// from being collected, as an origin leads to none. A guard that was collected stays in
// the set: nothing dropped it.
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
