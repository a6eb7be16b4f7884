package scope

import "slices"

// circleLocked returns the targets on a way from what w is for back to what it is in,
// or nil. It looks from both ends in turns, with more and more steps: it takes about as
// many as the nearer end has. (From one end alone, waits in a line that are joined in
// the middle would cost the square of their number.)
func (g *waitGraph) circleLocked(w *wait) []target {
	if holds(w.in, w.on) {
		return []target{w.on}
	}
	for steps := 16; ; steps *= 4 {
		ahead := search{waitGraph: g, steps: steps}
		path := ahead.path(w.in, w.on)
		if path != nil {
			return path
		}
		behind := search{waitGraph: g, steps: steps}
		if ahead.steps < 0 && behind.reached(w.in, w.on) {
			continue // there is a way, and ahead has to find it
		}
		if ahead.steps >= 0 || behind.steps >= 0 {
			break
		}
	}
	if g.jammedLocked(w) {
		return []target{w.on}
	}
	return nil
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

// reached reports whether there is such a way, from its other end: from the waits
// for something that in holds.
func (s *search) reached(in []waitPoint, on target) bool {
	return slices.ContainsFunc(s.stuck(in), func(in []waitPoint) bool { return holds(in, on) })
}

// stuck returns what cannot end before in has: in itself, and what is in a wait for any
// of that.
func (s *search) stuck(in ...[]waitPoint) [][]waitPoint {
	for k := 0; k < len(in); k++ {
		for _, v := range in[k] {
			for w := range s.on[v] {
				if s.visit(w) {
					in = append(in, w.in)
				}
			}
			if v.node == nil || v.open {
				continue
			}
			for w := range s.wide[waitPoint{scope: v.node.s}] {
				if holds([]waitPoint{v}, w.on) && s.visit(w) {
					in = append(in, w.in)
				}
			}
		}
	}
	return in
}

// holds reports whether the target cannot end before the functions of in have.
func holds(in []waitPoint, on target) bool {
	for _, v := range in {
		switch {
		case v == on.waitPoint && (v.node == nil || v.open || v.node.is() != gone):
			return true
		case !on.wide || v.node == nil || v.open || v.node.s != on.node.s || v.node.is() == gone:
		case v.node.s.graph.Holds(&v.node.vertex, &on.node.vertex):
			return true
		}
	}
	return false
}

// A jam is a drop that cannot begin before one of several others has ended, which have
// all places that a drop limit leaves.
type jam struct {
	on     *node
	places []target
}

// jammedLocked reports whether w cannot end because of a drop limit. That is no circle,
// for any one of the drops that have the places would do. So all jams are taken to last,
// and those given up of which one place comes free all the same, until no more do: what
// is left lasts.
func (g *waitGraph) jammedLocked(w *wait) bool {
	jams := g.jamsLocked()
	for len(jams) > 0 {
		in := [][]waitPoint{w.in}
		for _, j := range jams {
			in = append(in, []waitPoint{{node: j.on}})
		}
		last := search{waitGraph: g, steps: int(^uint(0) >> 1)}
		in = last.stuck(in...)
		ends := func(on target) bool {
			return !slices.ContainsFunc(in, func(in []waitPoint) bool { return holds(in, on) })
		}
		before := len(jams)
		jams = slices.DeleteFunc(jams, func(j jam) bool { return slices.ContainsFunc(j.places, ends) })
		if len(jams) == before {
			return !ends(w.on)
		}
	}
	return false
}

// jamsLocked returns those that something waits for.
func (g *waitGraph) jamsLocked() (jams []jam) {
	for at, ws := range g.wide {
		if at.scope.dropLimit() == 0 {
			continue
		}
		for w := range ws {
			n := w.on.node
			if slices.ContainsFunc(jams, func(j jam) bool { return j.on == n }) {
				continue
			}
			j := jam{on: n}
			for _, p := range n.s.graph.Places(&n.vertex) {
				j.places = append(j.places, target{waitPoint: waitPoint{node: nodeOf(p)}, wide: true})
			}
			if j.places != nil {
				jams = append(jams, j)
			}
		}
	}
	return jams
}
