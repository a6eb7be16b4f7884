package scope

import (
	"context"
	"slices"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
)

// opens is deferred around the call of the open function of n in ctx, which ends with
// *err if *returned. If it has failed, what it has acquired or started is dropped, in
// waves, so that it can be tried again; the errors of that, which drops gets too, stand
// beside its own. A panic and a Goexit go on after that, and the errors are Run's.
func (n *node) opens(ctx context.Context, returned *bool, err, drops *error) {
	if *returned && *err == nil {
		return
	}
	var p any
	why := *err
	if !*returned {
		p = recover()
		why = fault.Ended(p)
	}
	*drops = n.giveUpMade(ctx, Exit{Kind: Failed, Err: why})
	switch {
	case *returned:
		*err = multierr.Append(*err, *drops)
	default:
		n.s.reportUnheard(n, *drops)
	}
	if p != nil {
		panic(p)
	}
}

// giveUpMade drops what the open function of n has acquired or started, those that lie
// in scopes below first. What others have come to depend on, or what was moved or
// released, stays; of a scope that is being torn down all is the teardown's.
func (n *node) giveUpMade(ctx context.Context, exit Exit) (err error) {
	n.s.mu.Lock()
	made := n.rarelyLocked().made
	if made != nil {
		n.rarely.Load().made = nil
	}
	n.s.mu.Unlock()
	n.unlinkMade(made)
	for len(made) > 0 {
		s := made[0].s
		for _, m := range made {
			if m.s.depth() > s.depth() {
				s = m.s
			}
		}
		var nodes []*engine.Node
		var rest []*node
		for _, m := range made {
			if m.s == s {
				nodes = append(nodes, &m.vertex)
			} else {
				rest = append(rest, m)
			}
		}
		err = multierr.Append(err, s.giveUp(ctx, nodes, exit))
		made = rest
	}
	return err
}

// unlinkMade takes back that n depends on what its open function has made.
func (n *node) unlinkMade(made []*node) {
	if len(made) == 0 {
		return
	}
	if n.is() == pending {
		n.forget()
	}
	for _, m := range made {
		if m.s == n.s {
			n.s.graph.Undepend(&n.vertex, &m.vertex)
		} else if n.s.below(m.s) {
			if via, kind := n.s.leadsDown(m.s); via != nil && kind == bodyFrame {
				m.s.graph.Undepend(&via.vertex, &m.vertex)
			}
		}
	}
	n.s.mu.Lock()
	if x := n.rarely.Load(); x != nil {
		x.above = slices.DeleteFunc(x.above, func(u use) bool {
			if slices.Contains(made, u.to) {
				u.pin.Remove()
				return true
			}
			return false
		})
	}
	n.s.mu.Unlock()
}

// giveUp drops nodes of s now; exit is what their drops see.
func (s *Scope) giveUp(ctx context.Context, nodes []*engine.Node, exit Exit) (err error) {
	in := held(ctx)
	s.mu.Lock()
	if s.state >= dropping {
		s.mu.Unlock()
		return nil
	}
	run := s.graph.BeginSet(nodes)
	if run == nil {
		s.mu.Unlock()
		return nil
	}
	var entered []*wait
	for _, n := range run.Nodes() {
		m := nodeOf(n)
		m.makeRarelyLocked().exit = &exit
		if w, path := waits.enter(in, target{waitPoint: waitPoint{node: m}}); path == nil { // it is new: nothing leads back yet
			entered = append(entered, w)
		}
	}
	e := &earlyDrop{node: nodeOf(run.Nodes()[0]), over: make(chan struct{})}
	s.beginEarlyLocked(e) // the teardown is to know of it
	s.mu.Unlock()
	for _, o := range run.Do(context.WithoutCancel(s.context.base), s.options(nil)) {
		err = multierr.Append(err, nodeOf(o.Node).outcome(o))
	}
	s.mu.Lock()
	s.endEarlyLocked(e)
	s.mu.Unlock()
	for _, w := range entered {
		w.leave()
	}
	return err
}
