package life

import (
	"slices"
	"sync"
)

// Track remembers every origin that is armed from now on, until stop is called, which
// returns those that are armed still, in the order of their arming. It is [guard.Track].
//
// [guard.Track]: https://pkg.go.dev/github.com/ebb-go/ebb/guard#Track
func Track() (stop func() []Leak) {
	t := &track{made: make(map[*Origin]int)}
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
// the set: nothing dropped it. An origin keeps the tracks that have it, and is removed from
// those alone, so that a track which has ended costs the guards made afterwards nothing.
type track struct {
	mu   sync.Mutex      // protects the following; taken under a life's lock
	made map[*Origin]int // what is armed now, with its number
	n    int             // of origins that were ever added
}

// add puts o at the end of the order. An origin that is armed again, since a container has
// given its guard back, is as one that is made then.
func (t *track) add(o *Origin) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
	t.made[o] = t.n
}

func (t *track) remove(o *Origin) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.made, o)
}

// leaks returns what is left, and may be called again.
func (t *track) leaks() []Leak {
	t.mu.Lock()
	defer t.mu.Unlock()
	origins := make([]*Origin, 0, len(t.made))
	for o := range t.made {
		origins = append(origins, o)
	}
	slices.SortFunc(origins, func(a, b *Origin) int { return t.made[a] - t.made[b] })
	leaks := make([]Leak, len(origins))
	for i, o := range origins {
		leaks[i] = o.leak()
	}
	return leaks
}
