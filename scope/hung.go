package scope

import (
	"cmp"
	"slices"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
)

// A leaf is something that hangs below a function that is being abandoned, and that
// has nothing below it that hangs: a task, a daemon, a drop, or the body of a nested
// Run.
//
// Only the scope whose time is up abandons anything. Those below it may have no limit
// of their own, and know nothing of the one above, so that a scope in a request costs
// under a grace what it costs without. What hangs in them is looked for when the
// function above is given up. The scopes below go on meanwhile: what the search finds is
// what ran at that moment.
type leaf struct {
	err   *AbandonedError
	index int         // of the failure that it is in the scope that abandons it
	frame fault.Frame // of its goroutine; empty for a body, which runs on any
	scope *Scope      // of which it is the body; nil: it is none
}

// place is the frame of the goroutine of t.
func (t *task) place() fault.Frame { return fault.FrameOf("(*task).Run", t) }

// taskLeaf is t, a task of s, as a leaf. What only keeps s from leaving draining, as
// the start of a daemon does, runs on a goroutine that has no such frame.
func (s *Scope) taskLeaf(t *task) leaf {
	s.mu.Lock()
	defer s.mu.Unlock()
	return leaf{index: t.index, frame: t.place(), err: &AbandonedError{
		Scope: s.Path(), Name: t.name, Age: s.sinceLocked(t.started), Opening: s.openingLocked(&t.frame),
	}}
}

// bodyLeaf is the body of s, a nested Run, as a leaf.
func (s *Scope) bodyLeaf() leaf {
	opening := s.openingBelow(&s.body)
	s.mu.Lock()
	age := since(s.epoch)
	s.mu.Unlock()
	if c := s.clock(); c != nil {
		age = c.age(time.Now())
	}
	return leaf{index: bodyIndex, scope: s, err: &AbandonedError{
		Scope: s.parent.Path(), Name: s.name, Age: age, Opening: opening,
	}}
}

// hungIn returns the leaves of the nested Runs of f, which is a frame of s.
func (s *Scope) hungIn(f *frame) (leaves []leaf) {
	s.mu.Lock()
	below := s.belowLocked(f) // the nested ones that belong to f
	s.mu.Unlock()
	slices.Reverse(below) // as they were opened
	for _, c := range below {
		leaves = append(leaves, c.hung()...)
	}
	return leaves
}

// hung returns the leaves of s: while it drops, of what it drops; before that, of its
// tasks and its body.
func (s *Scope) hung() (leaves []leaf) {
	s.mu.Lock()
	state := s.state
	var tasks []*task
	for t := s.tasks; t != nil; t = t.next {
		tasks = append(tasks, t)
	}
	s.mu.Unlock()
	switch state {
	case closed:
		return nil
	case dropping:
		return s.hungDrops()
	}
	leaves = s.hungIn(&s.body)
	if len(leaves) == 0 && state == open && s.self == nil {
		leaves = append(leaves, s.bodyLeaf())
	}
	slices.Reverse(tasks)
	for _, t := range tasks {
		below := s.hungIn(&t.frame)
		if len(below) == 0 {
			below = append(below, s.taskLeaf(t))
		}
		leaves = append(leaves, below...)
	}
	return leaves
}

// hungDrops returns the leaves of the drops that run in s.
func (s *Scope) hungDrops() (leaves []leaf) {
	running := s.graph.Running()
	nodes := make([]*engine.Node, 0, len(running))
	for n := range running {
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(a, b *engine.Node) int {
		return cmp.Or(running[a].Compare(running[b]), cmp.Compare(a.Name(), b.Name()))
	})
	for _, g := range nodes {
		n := nodeOf(g)
		below := n.hungBelow()
		if len(below) == 0 {
			below = append(below, leaf{frame: n.place(), err: &AbandonedError{
				Scope: s.Path(), Name: n.name(), Age: n.dropFor(running[g]), Opening: s.openingBelow(&n.drop),
			}})
		}
		leaves = append(leaves, below...)
	}
	return leaves
}

// hungBelow returns the leaves below the drop of n.
func (n *node) hungBelow() []leaf {
	if r, ok := n.resource.(interface{ hung() []leaf }); ok {
		return r.hung()
	}
	return n.s.hungIn(&n.drop)
}

// place is the frame of the drop of n: of the daemon's function for a daemon.
func (n *node) place() fault.Frame {
	if r, ok := n.resource.(runner); ok {
		return r.place()
	}
	return fault.FrameOf("(*node).Drop", n)
}

// dropFor returns how long the drop of n has been running, which a run has come to at
// came: an early drop has begun before.
func (n *node) dropFor(came time.Time) time.Duration {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	if began := n.rarelyLocked().began; !began.IsZero() {
		came = began
	}
	return since(came)
}

// since returns how long ago at was; 0 if that is not known.
func since(at time.Time) time.Duration {
	if at.IsZero() {
		return 0
	}
	return time.Since(at)
}
