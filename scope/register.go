package scope

import (
	"github.com/ebb-go/ebb/internal/engine"
)

// register puts n into the graph of its scope under a name of its own, with
// edges to what cfg names and to what was used while it was opened, and from what
// user, nil for none, opens it for. It returns ErrClosed when the scope no longer
// accepts anything, and is the only way by which something becomes the scope's. After
// an error nothing is registered.
func (n *node) register(name string, cfg *guardConfig, isUser bool, user *frame) error {
	if n.vertex.Name() != name { // else it has the name already, and others may read it
		n.vertex.Label(name)
	}
	deps, err := n.resolve(cfg.deps)
	if err == nil {
		err = n.enter(name, deps, cfg, isUser, user)
	}
	if err != nil {
		n.forget()
	}
	return err
}

// enter is register with the dependencies that are the scope's own.
func (n *node) enter(name string, deps []*node, cfg *guardConfig, isUser bool, user *frame) error {
	users := n.usersOf(user)
	if err := n.useFromAbove(users); err != nil {
		return err
	}
	n.s.mu.Lock()
	err := n.registerLocked(name, deps, cfg, isUser, users)
	n.s.unlockAndCount()
	if err == nil {
		err = n.useFromBelow(users)
	}
	return err
}

// forget gives up what a node that was not registered, or has ended, depends on
// outside of its graph.
func (n *node) forget() {
	x := n.rarely.Load()
	if x == nil {
		return
	}
	n.s.mu.Lock()
	uses, above := x.uses, x.above
	x.uses, x.above = nil, nil
	n.unpinValuesLocked(x)
	n.s.mu.Unlock()
	unpin(uses)
	unpin(above)
}

func (n *node) registerLocked(name string, own []*node, cfg *guardConfig, isUser bool, users []*frame) error {
	s := n.s
	if s.state >= dropping {
		return ErrClosed
	}
	unique := name
	if !n.rarelyLocked().named {
		unique = s.uniqueLocked(name)
		n.numbered = unique != name
	}
	return n.insertLocked(unique, own, cfg, isUser, users)
}

// insertLocked is registerLocked under a name that was taken for n, and that it
// gives back if n is refused.
func (n *node) insertLocked(unique string, own []*node, cfg *guardConfig, isUser bool, users []*frame) error {
	err := n.linkLocked(unique, own, cfg, isUser, users)
	if err != nil {
		n.s.names.free(unique)
	}
	return err
}

func (n *node) linkLocked(unique string, own []*node, cfg *guardConfig, isUser bool, users []*frame) error {
	s := n.s
	if s.state >= dropping {
		return ErrClosed
	}
	deps, err := s.depsLocked(n, own)
	if err != nil {
		return err
	}
	err = s.graph.Insert(&n.vertex, engine.Spec{
		Name:    unique,
		Dropper: n,
		Deps:    deps,
		Users:   n.nodesOf(users),
		User:    isUser,
		All:     isUser && !cfg.narrowed,
		Hold:    cfg.hold,
		Timeout: cfg.timeout,
	})
	if err != nil {
		return notAccepted(err)
	}
	n.born = s.ageLocked()
	n.set(live)
	if x := n.rarely.Load(); x != nil {
		unpin(x.uses) // they are edges now
		x.uses = nil
	}
	n.useBesideLocked(users)
	s.limits = s.limits || cfg.timeout > 0
	s.clock().filledLocked()
	s.lives(+1)
	return nil
}
