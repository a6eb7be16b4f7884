package engine

import (
	"cmp"
	"slices"
)

const (
	// manyDeps is the number of edges from which on a node has an index of them.
	// Below it, searching the slice is faster than a map.
	manyDeps = 16
	// manyNodes is the number of nodes from which on a graph that is asked for
	// dependents keeps an index of them instead of looking through all edges each
	// time.
	manyNodes = 64
)

// links holds two indexes of the edges, which are in the deps of the nodes. Most
// graphs have neither. An index is made by the first question that would otherwise
// take linear time, and from then on every change of an edge keeps it up to date; so
// the edges are changed only by the methods of this file.
type links struct {
	places map[*Node]map[*Node]int32    // the index of an edge in deps, for nodes with many edges that were asked
	users  map[*Node]map[*Node]struct{} // the nodes that have an edge to a node; nil until a graph of many nodes was asked
}

// linkLocked adds an edge that is not in the graph yet. The caller has made sure that
// it closes no cycle.
func (g *Graph) linkLocked(n, d *Node) {
	if places := g.links.places[n]; places != nil {
		places[d] = int32(len(n.deps))
	}
	n.deps = append(n.deps, d)
	g.noteLocked(n, d)
}

// noteLocked counts an edge that has been put into deps, and indexes it.
func (g *Graph) noteLocked(n, d *Node) {
	d.dependents++
	g.linked = true
	if g.links.users != nil {
		g.addUserLocked(d, n)
	}
}

// cutLocked removes an edge and reports whether there was one. The last edge takes
// its place, so that removing takes constant time; the order of deps means nothing.
func (g *Graph) cutLocked(n, d *Node) bool {
	k := g.placeLocked(n, d)
	if k < 0 {
		return false
	}
	last := len(n.deps) - 1
	if places := g.links.places[n]; places != nil {
		places[n.deps[last]] = int32(k)
		delete(places, d)
	}
	n.deps[k] = n.deps[last]
	n.deps[last] = nil
	n.deps = n.deps[:last]
	g.forgetLocked(n, d)
	return true
}

// forgetLocked is the opposite of noteLocked.
func (g *Graph) forgetLocked(n, d *Node) {
	d.dependents--
	if of := g.links.users[d]; of != nil {
		if delete(of, n); len(of) == 0 {
			delete(g.links.users, d)
		}
	}
}

// unlinkAllLocked removes all edges from n and returns where they led.
func (g *Graph) unlinkAllLocked(n *Node) []*Node {
	deps := n.deps
	n.deps = nil // what still refers to n must not keep its dependencies in memory
	delete(g.links.places, n)
	for _, d := range deps {
		g.forgetLocked(n, d)
	}
	if g.links.users != nil && g.nodes.len() < manyNodes/2 {
		g.links.users = nil // a map never shrinks
	}
	return deps
}

// placeLocked returns the index of the edge from n to d in n.deps, or -1.
func (g *Graph) placeLocked(n, d *Node) int {
	if len(n.deps) < manyDeps {
		return slices.Index(n.deps, d)
	}
	places := g.links.places[n]
	if places == nil {
		places = make(map[*Node]int32, 2*len(n.deps))
		for k, d := range n.deps {
			places[d] = int32(k)
		}
		if g.links.places == nil {
			g.links.places = make(map[*Node]map[*Node]int32)
		}
		g.links.places[n] = places
	}
	if k, ok := places[d]; ok {
		return int(k)
	}
	return -1
}

// usersLocked yields the nodes that have an edge of their own to d, in no order.
func (g *Graph) usersLocked(d *Node, yield func(*Node)) {
	if d.dependents == 0 {
		return
	}
	if g.links.users == nil && g.nodes.len() < manyNodes {
		for _, n := range g.nodes.nodes {
			if n.state != gone && g.placeLocked(n, d) >= 0 {
				yield(n)
			}
		}
		return
	}
	if g.links.users == nil {
		g.links.users = make(map[*Node]map[*Node]struct{})
		for _, n := range g.nodes.nodes {
			for _, d := range n.deps {
				g.addUserLocked(d, n)
			}
		}
	}
	for n := range g.links.users[d] {
		yield(n)
	}
}

// addUserLocked indexes the edge from n to d.
func (g *Graph) addUserLocked(d, n *Node) {
	of := g.links.users[d]
	if of == nil {
		of = make(map[*Node]struct{})
		g.links.users[d] = of
	}
	of[n] = struct{}{}
}

// dependentsLocked returns the nodes that depend on n directly, each once, in order
// of registration.
func (g *Graph) dependentsLocked(n *Node) (found []*Node) {
	g.usersLocked(n, func(m *Node) { found = append(found, m) })
	g.impliedLocked(n, g.seq, func(m *Node) {
		if g.placeLocked(m, n) < 0 {
			found = append(found, m)
		}
	})
	sortNodes(found)
	return found
}

// impliedLocked yields the nodes that depend on n because of their All, except those
// newer than newest; the newest one first. They are the end of the list of nodes
// with an All: an All includes n if its node is newer than n.
func (g *Graph) impliedLocked(n *Node, newest uint64, yield func(*Node)) {
	if g.alls == nil {
		return
	}
	end, found := slices.BinarySearchFunc(g.alls.nodes, newest, bySeq)
	if !found {
		end--
	}
	for k := end; k >= 0 && g.alls.nodes[k].seq > n.seq; k-- {
		if m := g.alls.nodes[k]; !g.alls.tomb(m) && m.implies(n) {
			yield(m)
		}
	}
}

// bySeq compares a node with a place in the order of registration.
func bySeq(n *Node, seq uint64) int { return cmp.Compare(n.seq, seq) }

// treeLocked returns n and every node that depends on it, directly or not, in order
// of registration. Each node with an All is looked at once: those that are newer
// than the oldest guard so far are in the tree already.
func (g *Graph) treeLocked(n *Node) []*Node {
	tree := []*Node{n}
	member := map[*Node]bool{n: true}
	add := func(m *Node) {
		if !member[m] {
			member[m] = true
			tree = append(tree, m)
		}
	}
	covered := g.seq // the nodes with All that are newer than it have been added
	for k := 0; k < len(tree); k++ {
		d := tree[k]
		g.usersLocked(d, add)
		if d.user || d.seq >= covered {
			continue
		}
		g.impliedLocked(d, covered, add)
		covered = d.seq
	}
	sortNodes(tree)
	return tree
}

// sortNodes puts nodes into the order of their registration.
func sortNodes(nodes []*Node) {
	slices.SortFunc(nodes, func(a, b *Node) int { return cmp.Compare(a.seq, b.seq) })
}
