package life

import (
	"context"
	"slices"
)

// This file knows which calls wait for which lives, so that a call that would wait
// for itself fails instead, also where the way around leads over other lives and
// other goroutines: two Lazies that open each other, two mutexes that are locked in
// two orders, the drops of two guards that drop each other.
//
// The nodes of that graph are lives. An edge l -> m states that a function which runs
// on l has made a call that waits for all functions which run on m. What a function
// calls is seen by the context that it was given, see Mark. So a cycle that is
// reachable from a call is a deadlock, up to the contexts of its calls that end, and
// up to calls that a function has left to other goroutines.
//
// The race: the calls of a cycle may begin at the same time. Each adds its edges
// before it looks for the cycle, so the call that adds the last edge sees all of
// them, and at least one call fails. Two may; then both are part of the cycle.
// Adding and looking take the lock of one life at a time.

// An edge is one call that waits.
type edge struct {
	by *Mark // of the function that made the call; once it is over, the edge is void
	on *Life
	as Labeled // what on belongs to
	i  int     // its place in the edges of by.of; under the lock of that, as the place is

	leave func() // leaves the wait in the graph beyond; then nothing else is set
}

// A Labeled describes in words what a life belongs to.
type Labeled interface{ Label() string }

// A Wait is the edges of one call, from the innermost function it is made in to the
// outermost, and then the one in the graph beyond. It is nil for a call that nothing
// waits for.
type Wait []*edge

// Enter notes that a call with ctx is about to wait for what runs on life on. If that
// waits for the call, or would, Enter returns an error that is ErrReentrant. Otherwise
// the caller calls Leave when the wait is over. No lock may be held: Enter calls methods
// of ctx, which are foreign code.
func Enter(ctx context.Context, on *Life, as Labeled) (Wait, error) {
	var w Wait
	for m := innermost(ctx); m != nil; m = innermost(m.Context) {
		w = append(w, &edge{by: m, on: on, as: as})
	}
	if len(w) > 0 {
		for _, e := range w {
			e.by.of.addEdge(e)
		}
		if err := w.cycle(); err != nil {
			w.Leave()
			return nil, err
		}
	}
	return w, nil
}

// EnterBeyond is Enter for a wait that is entered in the graph beyond too. That of a Lazy
// is not: a scope enters those of its lazy guards itself, with their names.
func EnterBeyond(ctx context.Context, on *Life, as Labeled) (Wait, error) {
	w, err := Enter(ctx, on, as)
	if err != nil || beyond == nil {
		return w, err
	}
	leave, err := beyond(ctx, on)
	if err != nil {
		w.Leave()
		return nil, err
	}
	if leave != nil {
		w = append(w, &edge{leave: leave})
	}
	return w, nil
}

// beyond is set once, at package initialisation: it enters a wait in the graph of what
// lives do not know, tasks and the drops of a scope, so that a circle through both is
// seen. It returns ErrReentrant, or how to leave; nil is no such wait.
var beyond func(ctx context.Context, on *Life) (leave func(), err error)

// Beyond sets the graph in which waits for lives are entered too. It is for package scope.
func Beyond(enter func(ctx context.Context, on *Life) (leave func(), err error)) { beyond = enter }

// IsKey reports whether key is the one by which a context is asked for what it is inside
// of, so that a context can answer without asking those around it.
func IsKey(key any) bool {
	_, ok := key.(markKey)
	return ok
}

// Around returns the lives of the functions that ctx is the context of, which cannot end
// before a call with it returns, the innermost first.
func Around(ctx context.Context) (lives []*Life) {
	for m := innermost(ctx); m != nil; m = innermost(m.Context) {
		lives = append(lives, m.of)
	}
	return lives
}

// reentrant is Enter for a call that will enter again when it waits: it makes sure
// that a call which is known to be in vain changes nothing.
func reentrant(ctx context.Context, on *Life, as Labeled) error {
	w, err := EnterBeyond(ctx, on, as)
	w.Leave()
	return err
}

// Leave ends the wait. It is called once, and may be called on nil.
func (w Wait) Leave() {
	for _, e := range w {
		if e.leave != nil {
			e.leave()
		} else {
			e.by.of.removeEdge(e)
		}
	}
}

// cycle returns ErrReentrant if the call is made inside a function that it would
// wait for, or that one of those waits for in turn. The way around is in the text.
func (w Wait) cycle() error {
	on := w[0].on
	direct := false // inside a function of on, or of what on was mapped from
	for l := on; l != nil; l = l.from {
		direct = direct || w.inside(l)
	}
	if direct && w[0].by.of == on {
		return ErrReentrant
	}
	by, end := w.search()
	switch {
	case end == nil && direct:
		return ErrReentrant
	case end == nil:
		return nil
	}
	path := []string{w[0].as.Label()}
	for e := by[end]; e != nil; e = by[e.by.of] {
		path = append(path, e.as.Label())
	}
	path = append(path, path[0])
	slices.Reverse(path)
	return &cycleError{path}
}

// search looks for a life that the call is made inside of and that is reached from what
// it waits for; end is nil if there is none. It goes breadth first, for the shortest
// way, and by is the edge that led to a life.
func (w Wait) search() (by map[*Life]*edge, end *Life) {
	on := w[0].on
	by = map[*Life]*edge{on: nil}
	for todo := []*Life{on}; len(todo) > 0; todo = todo[1:] {
		l := todo[0]
		if l != on && w.inside(l) && (end == nil || l == w[0].by.of) {
			end = l // to the innermost, if a way leads there: it is the whole way
		}
		if l.from != nil {
			if _, seen := by[l.from]; !seen {
				by[l.from] = by[l]
				todo = append(todo, l.from)
			}
		}
		todo = l.follow(by, todo)
	}
	return by, end
}

// inside reports whether the call is made inside a function that runs on l.
func (w Wait) inside(l *Life) bool {
	return slices.ContainsFunc(w, func(e *edge) bool { return e.by.of == l })
}

// follow appends to todo the lives that functions on l wait for and that are not yet
// in by, and notes the edges that lead to them.
func (l *Life) follow(by map[*Life]*edge, todo []*Life) []*Life {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waits == nil {
		return todo
	}
	for _, e := range l.waits.edges {
		if _, seen := by[e.on]; !seen && !e.by.over.Load() {
			by[e.on] = e
			todo = append(todo, e.on)
		}
	}
	return todo
}

// A waits is what a life needs only while something waits, which is rare.
type waits struct {
	idle  chan struct{} // made by the first drop that has to wait; closed and nil when borrows reaches 0
	edges []*edge       // of the calls that functions on this life have made
}

// waitsLocked returns l's waits, making them if there are none. Whatever it is made for
// calls tidyLocked when that is over.
func (l *Life) waitsLocked() *waits {
	if l.waits == nil {
		l.waits = new(waits)
	}
	return l.waits
}

// addEdge adds an edge of a function on l. A search that runs at the same time sees it or
// not; the search of the call itself begins afterwards and sees it.
func (l *Life) addEdge(e *edge) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.waitsLocked()
	e.i = len(w.edges)
	w.edges = append(w.edges, e)
}

// removeEdge takes e's place for the last edge, so that a thousand functions that
// wait on one life cost each other nothing.
func (l *Life) removeEdge(e *edge) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.waits
	last := len(w.edges) - 1
	w.edges[e.i] = w.edges[last]
	w.edges[e.i].i = e.i
	w.edges[last] = nil
	w.edges = w.edges[:last]
	l.tidyLocked()
}

// tidyLocked forgets waits that hold nothing.
func (l *Life) tidyLocked() {
	if l.waits != nil && l.waits.idle == nil && len(l.waits.edges) == 0 {
		l.waits = nil
	}
}
