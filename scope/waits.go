package scope

import (
	"sync"
	"sync/atomic"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/internal/life"
)

// A waitPoint is something whose end a function can delay by waiting: a task, the drop
// of a node, the open function of one, or what runs on a guard. Exactly one field is set, but for open; the
// waitPoint of a scope stands for its end if Open has made it, and as a key for all
// drops in it.
type waitPoint struct {
	task  *frame
	node  *node
	open  bool // the open function of node, rather than its drop
	scope *Scope
	life  *life.Life // what runs on a guard: its borrowers, its drop, the holder of its lock
}

// A target is what a call waits for.
type target struct {
	waitPoint
	wide bool // a drop that has not begun: it waits for all that is dropped before it
}

// name is what a [*CycleError] calls it.
func (t target) name() string {
	switch {
	case t.task != nil:
		return "task"
	case t.scope != nil:
		return t.scope.name
	case t.life != nil:
		return "guard"
	}
	return t.node.name()
}

// A wait is a call that blocks in the context of some functions: none of those can end
// before its target has.
type wait struct {
	in   []waitPoint // immutable, as is the rest
	on   target
	gone chan struct{} // closed when the wait is refused after it has begun; nil unless on is wide
}

// refused is closed when the wait has become one for itself; nil is none.
func (w *wait) refused() <-chan struct{} {
	if w == nil {
		return nil
	}
	return w.gone
}

// waitGraph knows which functions wait for what, of all scopes: a wait for oneself
// can lead around through any of them. That is why it is one for the package, and has
// one lock: of two waits that close a circle together exactly one is refused. Only calls
// that are about to block come here.
//
// It holds edges of one kind, from a function to what it waits for. All others are
// found where they are: a function belongs to a node, or to a scope that lies in one
// (held), and a node depends on another, or comes after it (the graphs).
//
// The invariant is that no circle is left in it. An edge can close one when it is added
// or when it comes to hold more, so the circle is looked for at each of these moments:
//
//   - a wait begins: enter;
//   - the teardown of a scope is planned. It puts one drop before another without an
//     edge, and takes over what an early run has not come to: changed;
//   - a drop takes a place under a drop limit: changed.
//
// Nothing else adds anything. What a run has to drop is in its hands from its beginning,
// and nothing can come to depend on that; a function that begins waits for nothing yet;
// and all that ends, is released or abandoned takes edges away. Each change is made
// before the look, and both with mu, or under a lock that enter reads the change with;
// so of a wait and a change at the same moment the later one sees the other.
type waitGraph struct {
	mu   sync.Mutex // protects the following
	from waitIndex  // by the points that a wait is in
	on   waitIndex  // by the one that it is for
	wide waitIndex  // those whose target is wide, by its scope

	wides atomic.Int32 // how many of these; written with mu
}

var waits waitGraph

// enter records a wait for on by the functions in which it is. If that would be a wait
// for oneself, around whatever corner, it returns the targets on the way, the last of
// which cannot end before the call returns.
func (g *waitGraph) enter(in []waitPoint, on target) (*wait, []target) {
	if len(in) == 0 {
		return nil, nil // no function is kept from ending by it
	}
	w := &wait{in: in, on: on}
	if on.wide {
		w.gone = make(chan struct{})
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.addLocked(w)
	if path := g.circleLocked(w); path != nil {
		g.removeLocked(w)
		return nil, path
	}
	return w, nil
}

// changed looks for circles again when the order in which s drops has come to hold more.
// A wait for such a drop that is part of one is refused, the newest first.
func (g *waitGraph) changed(s *Scope) {
	if g.wides.Load() == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for w := range g.wide[waitPoint{scope: s}] {
		if g.circleLocked(w) != nil {
			g.removeLocked(w)
			close(w.gone)
		}
	}
}

// leave ends a wait; nil is none.
func (w *wait) leave() {
	if w == nil {
		return
	}
	waits.mu.Lock()
	defer waits.mu.Unlock()
	waits.removeLocked(w)
}

func (g *waitGraph) addLocked(w *wait) {
	for _, v := range w.keys() {
		g.from.add(v, w)
	}
	g.on.add(w.on.waitPoint, w)
	if w.on.wide {
		g.wide.add(waitPoint{scope: w.on.node.s}, w)
		g.wides.Add(1)
	}
}

// removeLocked takes w out, if it is still there.
func (g *waitGraph) removeLocked(w *wait) {
	if _, there := g.on[w.on.waitPoint][w]; !there {
		return
	}
	for _, v := range w.keys() {
		g.from.remove(v, w)
	}
	g.on.remove(w.on.waitPoint, w)
	if w.on.wide {
		g.wide.remove(waitPoint{scope: w.on.node.s}, w)
		g.wides.Add(-1)
	}
	if len(g.from) == 0 {
		g.from, g.on, g.wide = nil, nil, nil // maps keep their buckets
	}
}

// waitIndex finds waits by a waitPoint.
type waitIndex map[waitPoint]map[*wait]struct{}

func (x *waitIndex) add(v waitPoint, w *wait) {
	if *x == nil {
		*x = make(waitIndex)
	}
	if (*x)[v] == nil {
		(*x)[v] = make(map[*wait]struct{})
	}
	(*x)[v][w] = struct{}{}
}

func (x *waitIndex) remove(v waitPoint, w *wait) {
	if delete((*x)[v], w); len((*x)[v]) == 0 {
		delete(*x, v)
	}
}

// keys are the points by which the wait is found.
func (w *wait) keys() []waitPoint {
	keys := w.in
	for _, v := range w.in {
		if v.node != nil && !v.open {
			keys = append(keys[:len(keys):len(keys)], waitPoint{scope: v.node.s})
		}
	}
	return keys
}

// cycle is the error of a wait for oneself: a [*CycleError] with the names if all that
// is waited for is opened, else [ErrReentrant].
func cycle(path []target) error {
	names := []string{path[len(path)-1].name()}
	for _, t := range path {
		if !t.open {
			return ErrReentrant
		}
		names = append(names, t.name())
	}
	return &group.CycleError{Path: names}
}
