package scope

import (
	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/outcome"
)

// abandonTasks gives up the tasks and lexical children that are still running,
// each by name, and what hangs below them. What they come to from here on is late.
func (s *Scope) abandonTasks() {
	s.mu.Lock()
	s.advanceLocked(dropping) // from here on what they start is refused
	var tasks []*task
	for t := s.tasks; t != nil; t = t.next {
		t.abandoned = true
		s.drainedLocked().item("task", t.name).Abandoned++
		tasks = append(tasks, t)
	}
	nested := s.belowLocked(&s.body)
	var blocks []string
	for _, n := range s.graph.Nodes() {
		blocks = append(blocks, n.Name())
	}
	blocks = atMost(blocks, maxNames)
	s.mu.Unlock()

	var list []leaf
	own := make([]*AbandonedError, len(tasks))
	for k, t := range tasks {
		l := s.taskLeaf(t)
		own[k], l.err.Blocks = l.err, blocks
		list = append(list, l)
		for _, below := range s.hungIn(&t.frame) {
			below.index = t.index
			list = append(list, below)
		}
	}
	for _, c := range nested {
		l := c.bodyLeaf()
		l.err.Blocks, l.err.Opening = blocks, nil // which a leaf below it names
		list = append(list, l)
		for _, below := range c.hung() {
			if below.scope != c {
				below.index = bodyIndex
				list = append(list, below)
			}
		}
	}
	fillStacks(list)

	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range list {
		s.failLocked(failure{l.index, l.err, nil})
	}
	for k, t := range tasks {
		if t.done != nil {
			t.done(own[k], false)
		}
	}
	for _, c := range nested {
		s.drainedLocked().item("run", c.Name()).Abandoned++
	}
}

// maxLeafStacks bounds the stacks of leaves and daemons that one exit keeps.
const maxLeafStacks = 32

// fillStacks gives the first leaves their stacks, in one stop of the world.
func fillStacks(leaves []leaf) {
	stacks := make(map[fault.Frame]string)
	for _, l := range leaves {
		if l.frame != "" && len(stacks) < maxLeafStacks {
			stacks[l.frame] = ""
		}
	}
	fault.Stacks(stacks)
	for _, l := range leaves {
		l.err.Stack = stacks[l.frame]
	}
}

// takeStacks looks for what hangs below the drops that were abandoned, and takes the
// stacks of that and of the daemons among them. It returns the errors of what it has
// found by the position of the outcome; nil for nothing.
func (s *Scope) takeStacks(outcomes []engine.Outcome) (hung map[int]error) {
	var leaves []leaf
	runners := make(map[runner]*AbandonedError) // of which only the stack is used
	for k, o := range outcomes {
		if o.Outcome != outcome.Abandoned {
			continue
		}
		n := nodeOf(o.Node)
		if r, ok := n.resource.(runner); ok {
			runners[r] = new(AbandonedError)
			leaves = append(leaves, leaf{err: runners[r], frame: r.place()})
		}
		for _, l := range n.hungBelow() {
			leaves = append(leaves, l)
			if hung == nil {
				hung = make(map[int]error)
			}
			hung[k] = multierr.Append(hung[k], l.err)
		}
	}
	if len(leaves) == 0 {
		return nil
	}
	fillStacks(leaves)
	s.mu.Lock()
	defer s.mu.Unlock()
	for r, e := range runners {
		r.tookStackLocked(e.Stack)
	}
	return hung
}
