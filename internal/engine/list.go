package engine

import "slices"

// A list holds nodes in order of registration. A node that has left the list stays in
// it as a tombstone until more than half of the list are tombstones. So adding and
// removing take constant time on average, memory follows the number of live nodes, and
// the order by seq, on which binary search relies, is never disturbed.
type list struct {
	nodes []*Node // by seq
	dead  int     // tombstones among them
	alls  bool    // immutable: it is the list of the nodes with an All
}

// tomb reports whether n is a tombstone: gone, or without its All.
func (l *list) tomb(n *Node) bool { return n.state == gone || l.alls && !n.all }

// len returns the number of live nodes.
func (l *list) len() int { return len(l.nodes) - l.dead }

// add appends n, which is newer than every node of the list.
func (l *list) add(n *Node) {
	if l.nodes == nil {
		l.nodes = make([]*Node, 0, few)
	}
	l.nodes = append(l.nodes, n)
}

// bury counts one more tombstone. Tombstones at the end are removed at once, so the
// last element is always live; newest relies on that.
func (l *list) bury() {
	l.dead++
	if 2*l.dead > len(l.nodes) {
		l.compact()
	}
	for i := len(l.nodes) - 1; i >= 0 && l.tomb(l.nodes[i]); i-- {
		l.nodes[i] = nil
		l.nodes = l.nodes[:i]
		l.dead--
	}
	l.shrink()
}

// compact removes the tombstones.
func (l *list) compact() {
	if l.dead > 0 {
		l.nodes = slices.DeleteFunc(l.nodes, l.tomb)
		l.dead = 0
	}
	l.shrink()
}

// shrink gives memory back when three quarters of it are unused. A graph that lives as
// long as a process must not keep what its busiest moment took.
func (l *list) shrink() {
	if cap(l.nodes) > max(64, 4*len(l.nodes)) {
		l.nodes = slices.Clone(l.nodes)
	}
}

// newest returns the live node registered last, or nil.
func (l *list) newest() *Node {
	if l == nil || len(l.nodes) == 0 {
		return nil
	}
	return l.nodes[len(l.nodes)-1]
}
