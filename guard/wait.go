package guard

import (
	"context"
	"slices"
	"strings"
)

// This file knows which calls wait for which guards, so that a call that would wait
// for itself fails instead, also where the way around leads over other guards and
// other goroutines: two Lazies that open each other, two mutexes that are locked in
// two orders, the drops of two guards that drop each other.
//
// The nodes of that graph are cores. An edge c -> d says that a function which runs
// on c has made a call that waits for all functions which run on d. What a function
// calls is seen by the context that it was given, see mark. So a cycle that is
// reachable from a call is a deadlock, up to the contexts of its calls that end, and
// up to calls that a function has left to other goroutines.
//
// The race: the calls of a cycle may begin at the same time. Each adds its edges
// before it looks for the cycle, so the call that adds the last edge sees all of
// them, and at least one call fails. Two may; then both are part of the cycle.
// Adding and looking take the mu of one core at a time.

// An edge is one call that waits.
type edge struct {
	by *mark // of the function that made the call; once it is over, the edge says nothing
	on *core
	as labeled // what on belongs to
	i  int     // its place in the edges of by.of; under the mu of that, as the place is
}

// A labeled says in words what a core belongs to.
type labeled interface{ label() string }

// enter notes that a call with ctx is about to wait for what runs on core on. If
// that waits for the call, or would, enter returns an error that is ErrReentrant.
// Otherwise the caller must leave when the wait is over. No mu may be held.
func enter(ctx context.Context, on *core, as labeled) (edges, error) {
	m := innermost(ctx)
	if m == nil {
		return nil, nil // nothing waits for the caller
	}
	var from edges
	for ; m != nil; m = innermost(m.Context) {
		from = append(from, &edge{by: m, on: on, as: as})
	}
	for _, e := range from {
		e.by.of.addEdge(e)
	}
	if err := from.cycle(); err != nil {
		from.leave()
		return nil, err
	}
	return from, nil
}

// reentrant is enter for a call that will enter again when it waits: it makes sure
// that a call which is known to be in vain changes nothing.
func reentrant(ctx context.Context, on *core, as labeled) error {
	from, err := enter(ctx, on, as)
	from.leave()
	return err
}

// edges are those of one call, from the innermost function it is made in to the
// outermost.
type edges []*edge

func (from edges) leave() {
	for _, e := range from {
		e.by.of.removeEdge(e)
	}
}

// cycle returns ErrReentrant if the call is made inside a function that it would
// wait for, or that one of those waits for in turn. The way around is in the text.
func (from edges) cycle() error {
	on := from[0].on
	direct := false // inside a function of on, or of what on was mapped from
	for c := on; c != nil; c = c.from {
		direct = direct || from.inside(c)
	}
	if direct && from[0].by.of == on {
		return ErrReentrant
	}
	// Breadth first, for the shortest way; by is the edge that led to a core.
	by := map[*core]*edge{on: nil}
	var end *core
	for todo := []*core{on}; len(todo) > 0; todo = todo[1:] {
		c := todo[0]
		if c != on && from.inside(c) && (end == nil || c == from[0].by.of) {
			end = c // to the innermost, if a way leads there: it is the whole way
		}
		if c.from != nil {
			if _, seen := by[c.from]; !seen {
				by[c.from] = by[c]
				todo = append(todo, c.from)
			}
		}
		todo = c.follow(by, todo)
	}
	switch {
	case end == nil && direct:
		return ErrReentrant
	case end == nil:
		return nil
	}
	path := []string{from[0].as.label()}
	for e := by[end]; e != nil; e = by[e.by.of] {
		path = append(path, e.as.label())
	}
	path = append(path, path[0])
	slices.Reverse(path)
	return &cycleError{path}
}

// inside reports whether the call is made inside a function that runs on c.
func (from edges) inside(c *core) bool {
	return slices.ContainsFunc(from, func(e *edge) bool { return e.by.of == c })
}

// follow appends to todo the cores that functions on c wait for and that are not yet
// in by, and notes the edges that lead to them.
func (c *core) follow(by map[*core]*edge, todo []*core) []*core {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waits == nil {
		return todo
	}
	for _, e := range c.waits.edges {
		if _, seen := by[e.on]; !seen && !e.by.over.Load() {
			by[e.on] = e
			todo = append(todo, e.on)
		}
	}
	return todo
}

// A waits is what a core needs only while something waits, which is rare.
type waits struct {
	idle  chan struct{} // made by the first Drop that has to wait; closed and nil when borrows reaches 0
	edges []*edge       // of the calls that functions on this core have made
}

// waitsLocked returns c's waits, making them if there are none.
func (c *core) waitsLocked() *waits {
	if c.waits == nil {
		c.waits = new(waits)
	}
	return c.waits
}

func (c *core) addEdge(e *edge) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.waitsLocked()
	e.i = len(w.edges)
	w.edges = append(w.edges, e)
}

// removeEdge takes e's place for the last edge, so that a thousand functions that
// wait on one core cost each other nothing.
func (c *core) removeEdge(e *edge) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.waits
	last := len(w.edges) - 1
	w.edges[e.i] = w.edges[last]
	w.edges[e.i].i = e.i
	w.edges[last] = nil
	w.edges = w.edges[:last]
	c.tidyLocked()
}

// tidyLocked forgets waits that hold nothing.
func (c *core) tidyLocked() {
	if c.waits != nil && c.waits.idle == nil && len(c.waits.edges) == 0 {
		c.waits = nil
	}
}

// A cycleError is ErrReentrant with the way around.
type cycleError struct{ path []string }

func (e *cycleError) Error() string {
	return ErrReentrant.Error() + ": " + strings.Join(e.path, " -> ")
}
func (e *cycleError) Unwrap() error { return ErrReentrant }
