package engine

import "slices"

// A list holds nodes in order of registration. A node that has left it stays as a
// tombstone until more than half are, so that adding and removing take constant
// time on average and memory follows the number of live nodes.
type list struct {
	nodes []*Node // by seq
	dead  int     // tombstones among them
	alls  bool    // immutable: of the nodes with All
}

// tomb reports whether n is a tombstone: gone, or without its All.
func (l *list) tomb(n *Node) bool { return n.state == gone || l.alls && !n.all }

func (l *list) len() int { return len(l.nodes) - l.dead }

func (l *list) add(n *Node) {
	if l.nodes == nil {
		l.nodes = make([]*Node, 0, few)
	}
	l.nodes = append(l.nodes, n)
}

// bury takes note that a node of the list is a tombstone from now on.
func (l *list) bury() {
	l.dead++
	if 2*l.dead > len(l.nodes) {
		l.compact()
	}
	for i := len(l.nodes) - 1; i >= 0 && l.tomb(l.nodes[i]); i-- { // see newest
		l.nodes[i] = nil
		l.nodes = l.nodes[:i]
		l.dead--
	}
	l.shrink()
}

// compact sweeps out the tombstones.
func (l *list) compact() {
	if l.dead > 0 {
		l.nodes = slices.DeleteFunc(l.nodes, l.tomb)
		l.dead = 0
	}
	l.shrink()
}

// shrink gives back what a peak has taken when three quarters of it are empty.
func (l *list) shrink() {
	if cap(l.nodes) > max(64, 4*len(l.nodes)) {
		l.nodes = slices.Clone(l.nodes)
	}
}

// newest returns the live node registered last, or nil. The last element is no
// tombstone: bury saw to that.
func (l *list) newest() *Node {
	if l == nil || len(l.nodes) == 0 {
		return nil
	}
	return l.nodes[len(l.nodes)-1]
}
