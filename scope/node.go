package scope

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ebb-go/ebb/group"
)

// Node is something that a scope drops and that others can depend on: a
// [*Handle], a [*LazyHandle], a [*Daemon], or a [*Scope] made by
// [Scope.Child]. The set is sealed.
type Node interface {
	// Name returns the name of the node, unique in its scope.
	Name() string
	asNode() *node // nil: a scope that is no child
}

// resource is what a node is the shell of.
type resource interface {
	// dropNow gives the thing up. It is called once, on a goroutine of
	// package group, and does not panic. It may call Goexit.
	dropNow(ctx context.Context) error
	kind() string // guard, daemon or child
	typ() string  // of the value, for spans and reports; may be empty
}

// nodeState is how far the drop of a node is.
type nodeState uint32

const (
	pending  nodeState = iota // being opened or started; not in the graph
	live                      // left when its drop begins, or it is released or moved
	ending                    // its drop has begun; left when that has ended
	released                  // terminal: its value was handed out, or moved to another scope; or it is a daemon that has ended by itself
	gone                      // terminal: its drop has ended, or was given up
)

// node is the part that all nodes have in common: its place in the graph of its
// scope, and the one run of its drop, early or in the teardown.
type node struct {
	vertex   group.Node
	s        *Scope // whose it is; changed by nobody, since MoveTo makes another item
	resource resource
	drop     frame // the context of the drop

	// Written with s.mu held, but by a drop that begins and ends alone.
	state atomic.Uint32

	// Guarded by s.mu.
	numbered bool                   // its name has a number that it was not given
	born     age                    // set when it is registered
	rarely   atomic.Pointer[rarely] // nil: none; a drop that ends alone asks for that without the lock
}

// rarely is what few nodes have. (Apart, it makes the guard of a request a
// quarter smaller.) It is guarded by the scope's mu.
type rarely struct {
	uses    []use                   // while pending: what it uses in its own scope
	above   []use                   // what it depends on in the scopes above
	exit    *Exit                   // that its drop sees, if an open function that failed gives it up
	made    []*node                 // while it is opened: what its open function has acquired or started
	early   *earlyDrop              // who drops it, until it is gone; nil: no call has asked
	dropErr error                   // of the drop, from state gone on
	site    string                  // where an early drop or a release was asked for
	record  dropRecord              // of its drop, once it begins, if anybody looks
	stop    context.CancelCauseFunc // cancels an early drop that runs
	began   time.Time               // an early drop did
	cut     bool                    // an early drop was canceled, since the teardown has no more time for it
}

func (n *node) is() nodeState   { return nodeState(n.state.Load()) }
func (n *node) set(s nodeState) { n.state.Store(uint32(s)) }

// rarelyLocked returns what few nodes have, to be read while the lock is held: all
// zero for most.
func (n *node) rarelyLocked() *rarely {
	if x := n.rarely.Load(); x != nil {
		return x
	}
	return new(rarely)
}

// makeRarelyLocked returns what few nodes have, to be set.
func (n *node) makeRarelyLocked() *rarely {
	x := n.rarelyLocked()
	n.rarely.Store(x)
	return x
}

func nodeOf(n *group.Node) *node { return n.Dropper().(*node) }

func (n *node) name() string { return n.vertex.Name() }

// written is the name as it is written in the code, for the names of spans.
func (n *node) written() string { return n.trim(n.name()) }

// trim takes the number off the unique name of i that it was not given.
func (n *node) trim(name string) string {
	if n.numbered {
		name = name[:strings.LastIndexByte(name, '#')]
	}
	return name
}

// register puts i into the graph of its scope under a name of its own, with
// edges to what cfg names and to what was used while it was opened, and from what
// user, nil for none, opens it for. It returns ErrClosed when the scope no longer
// accepts anything, and is the only way by which something becomes the scope's. After
// an error nothing is registered.
func (n *node) register(name string, cfg *guardConfig, isUser bool, user *frame) error {
	if n.vertex.Name() != name { // else it has the name already, and others may read it
		n.vertex.Label(name)
	}
	deps, err := n.resolve(cfg.deps, false)
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
	if err := n.heldBelow(users); err != nil {
		return err
	}
	n.s.mu.Lock()
	err := n.registerLocked(name, deps, cfg, isUser, users)
	n.s.unlockAndCount()
	if err == nil {
		err = n.heldAbove(users)
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
	n.s.mu.Unlock()
	unpin(uses)
	unpin(above)
}

func (n *node) registerLocked(name string, own []*node, cfg *guardConfig, isUser bool, users []*frame) error {
	s := n.s
	if s.state >= dropping {
		return ErrClosed
	}
	unique := s.uniqueLocked(name)
	n.numbered = unique != name
	return n.insertLocked(unique, own, cfg, isUser, users)
}

// insertLocked is registerLocked under a name that was taken for i, and that it
// gives back if i is refused.
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
	err = s.graph.Insert(&n.vertex, group.Spec{
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
	n.heldBesideLocked(users)
	s.limits = s.limits || cfg.timeout > 0
	s.clock().filledLocked()
	s.lives(+1)
	return nil
}

// notAccepted translates what the graph refuses with.
func notAccepted(err error) error {
	switch {
	case errors.Is(err, group.ErrClosed):
		return ErrClosed
	case errors.Is(err, group.ErrGone):
		return ErrDropped
	case errors.Is(err, group.ErrForeign):
		return ErrForeign
	}
	return err
}
