package scope

import (
	"slices"
	"sync"

	"github.com/ebb-go/ebb/group"
)

// A waitPoint is something whose end a function can delay by waiting: a task, the drop
// of a node, or the open function of one. Exactly one field is set, but for open; the
// waitPoint of a scope stands for its end if Open has made it, and as a key for all
// drops in it.
type waitPoint struct {
	task  *frame
	node  *node
	open  bool // the open function of node, rather than its drop
	scope *Scope
}

// A target is what a call waits for.
type target struct {
	waitPoint
	wide bool // a drop that has not begun: it waits for all that depends on it
	turn bool // its turn in the teardown has not come: that may be about to be planned
}

// name is what a [*CycleError] calls it.
func (t target) name() string {
	switch {
	case t.task != nil:
		return "task"
	case t.scope != nil:
		return t.scope.name
	}
	return t.node.name()
}

// A wait is a call that blocks in the context of some functions: none of those can end
// before its target has.
type wait struct {
	in []waitPoint // immutable, as is the rest
	on target
}

// waitGraph knows which functions wait for what, of all scopes: a wait for oneself
// can lead around through any of them. That is why it is one for the package, and has
// one lock: of two waits that close a circle together exactly one is refused. Only calls
// that are about to block come here.
//
// It holds edges of one kind, from a function to what it waits for. All others are
// found where they are: a function belongs to a node, or to a scope that lies in one
// (held), and a node depends on another (the graphs).
type waitGraph struct {
	mu   sync.Mutex         // protects the following
	from waitIndex          // by the vertices that a wait is in
	on   waitIndex          // by the one that it is for
	wide map[*wait]struct{} // those whose target is wide
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
	g.mu.Lock()
	defer g.mu.Unlock()
	if holds(in, on) {
		return nil, []target{on}
	}
	if len(g.from) > 0 {
		if path := g.circleLocked(in, on); path != nil {
			return nil, path
		}
	}
	for _, v := range w.keys() {
		g.from.add(v, w)
	}
	g.on.add(on.waitPoint, w)
	if on.wide {
		if g.wide == nil {
			g.wide = make(map[*wait]struct{})
		}
		g.wide[w] = struct{}{}
	}
	return w, nil
}

// leave ends a wait; nil is none.
func (w *wait) leave() {
	if w == nil {
		return
	}
	g := &waits
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, v := range w.keys() {
		g.from.remove(v, w)
	}
	g.on.remove(w.on.waitPoint, w)
	delete(g.wide, w)
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

// circleLocked returns the targets on a way from on back to what in holds, or nil. It
// looks from both ends in turns, with more and more steps: it takes about as many as
// the nearer end has. (From one end alone, waits in a line that are joined in the middle
// would cost the square of their number.)
func (g *waitGraph) circleLocked(in []waitPoint, on target) []target {
	for steps := 16; ; steps *= 4 {
		ahead := search{waitGraph: g, steps: steps}
		if path := ahead.path(in, on); path != nil || ahead.steps >= 0 {
			return path
		}
		behind := search{waitGraph: g, steps: steps}
		if !behind.reached(in, on) && behind.steps >= 0 {
			return nil
		}
	}
}

// A search looks at each wait once.
type search struct {
	*waitGraph
	seen  map[*wait]bool
	steps int // left; negative: it has not come to its end
}

// visit reports whether the search is to go on with w.
func (s *search) visit(w *wait) bool {
	if s.seen[w] || s.steps < 0 {
		return false
	}
	if s.seen == nil {
		s.seen = make(map[*wait]bool)
	}
	s.seen[w] = true
	s.steps--
	return true
}

// path returns the targets on a way from on to in.
func (s *search) path(in []waitPoint, on target) []target {
	type step struct {
		on   target
		from int
	}
	way := []step{{on, -1}}
	for k := 0; k < len(way); k++ {
		on := way[k].on
		key := on.waitPoint
		if on.wide {
			key = waitPoint{scope: on.node.s}
		}
		for w := range s.from[key] {
			if !holds(w.in, on) || !s.visit(w) {
				continue
			}
			way = append(way, step{w.on, k})
			if !holds(in, w.on) {
				continue
			}
			var path []target
			for at := len(way) - 1; at >= 0; at = way[at].from {
				path = append(path, way[at].on)
			}
			slices.Reverse(path)
			return path
		}
	}
	return nil
}

// reached reports whether there is such a way, from its other end: from those who wait
// for something that in holds.
func (s *search) reached(in []waitPoint, on target) (found bool) {
	queue := [][]waitPoint{in}
	look := func(w *wait) {
		if s.visit(w) {
			queue = append(queue, w.in)
			found = found || holds(w.in, on)
		}
	}
	for k := 0; k < len(queue) && !found; k++ {
		for _, v := range queue[k] {
			for w := range s.on[v] {
				look(w)
			}
		}
		for w := range s.wide {
			if holds(queue[k], w.on) {
				look(w)
			}
		}
	}
	return found
}

// holds reports whether the target cannot end before the functions of in have.
func holds(in []waitPoint, on target) bool {
	for _, v := range in {
		switch {
		case v == on.waitPoint && (v.node == nil || v.open || v.node.is() != gone):
			return true
		case !on.wide || v.node == nil || v.open || v.node.s != on.node.s || v.node.is() == gone:
		case v.node.s.graph.Reaches(&v.node.vertex, &on.node.vertex), v.node.s.graph.Before(&v.node.vertex, &on.node.vertex, on.turn):
			return true
		}
	}
	return false
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
