package scope

import (
	"context"
	"slices"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/internal/fault"
)

// opens is deferred around the call of the open function of i in ctx, which ends with
// *err if *returned. If it has failed, what it has acquired or started is dropped, in
// waves, so that it can be tried again; the errors of that, which drops gets too, stand
// beside its own. A panic and a Goexit go on after that, and the errors are Run's.
func (i *item) opens(ctx context.Context, returned *bool, err, drops *error) {
	if *returned && *err == nil {
		return
	}
	var p any
	why := *err
	if !*returned {
		if p = recover(); p != nil {
			why = fault.Panic(p)
		} else {
			why = ErrGoexit
		}
	}
	*drops = i.giveUpMade(ctx, Exit{Kind: Failed, Err: why})
	switch {
	case *returned:
		*err = multierr.Append(*err, *drops)
	case *drops != nil:
		i.s.mu.Lock()
		late := i.s.failUnheardLocked(*drops)
		i.s.mu.Unlock()
		if late {
			i.s.logUnheard(i, *drops)
		}
	}
	if p != nil {
		panic(p)
	}
}

// giveUpMade drops what the open function of i has acquired or started, those that lie
// in scopes below first. What others have come to depend on, or what was moved or
// released, stays; of a scope that is being torn down all is the teardown's.
func (i *item) giveUpMade(ctx context.Context, exit Exit) (err error) {
	i.s.mu.Lock()
	made := i.extraLocked().made
	if made != nil {
		i.extra.Load().made = nil
	}
	i.s.mu.Unlock()
	i.unlinkMade(made)
	for len(made) > 0 {
		s := made[0].s
		for _, m := range made {
			if m.s.depth() > s.depth() {
				s = m.s
			}
		}
		var nodes []*group.Node
		var rest []*item
		for _, m := range made {
			if m.s == s {
				nodes = append(nodes, &m.n)
			} else {
				rest = append(rest, m)
			}
		}
		err = multierr.Append(err, s.giveUp(ctx, nodes, exit))
		made = rest
	}
	return err
}

// unlinkMade takes back that i depends on what its open function has made.
func (i *item) unlinkMade(made []*item) {
	if len(made) == 0 {
		return
	}
	if i.is() == pending {
		i.forget()
	}
	for _, m := range made {
		if m.s == i.s {
			i.s.graph.Undepend(&i.n, &m.n)
		} else if i.s.below(m.s) {
			if via, kind := i.s.leadsDown(m.s); via != nil && kind == bodyOwner {
				m.s.graph.Undepend(&via.n, &m.n)
			}
		}
	}
	i.s.mu.Lock()
	if x := i.extra.Load(); x != nil {
		x.above = slices.DeleteFunc(x.above, func(u use) bool {
			if slices.Contains(made, u.to) {
				u.pin.Remove()
				return true
			}
			return false
		})
	}
	i.s.mu.Unlock()
}

// giveUp drops nodes of s now; exit is what their drops see.
func (s *Scope) giveUp(ctx context.Context, nodes []*group.Node, exit Exit) (err error) {
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
		m := itemOf(n)
		m.makeExtraLocked().exit = &exit
		if w, path := waits.enter(in, target{vertex: vertex{item: m}}); path == nil { // it is new: nothing leads back yet
			entered = append(entered, w)
		}
	}
	e := &earlyDrop{item: itemOf(run.Nodes()[0]), over: make(chan struct{})}
	s.beginEarlyLocked(e) // the teardown is to know of it
	s.mu.Unlock()
	for _, o := range run.Do(context.WithoutCancel(s.context.base), s.options(nil)) {
		err = multierr.Append(err, itemOf(o.Node).outcome(o))
	}
	s.mu.Lock()
	s.endEarlyLocked(e)
	s.mu.Unlock()
	for _, w := range entered {
		w.leave()
	}
	return err
}
