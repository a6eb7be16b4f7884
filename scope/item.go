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
	node() *item // nil: a scope that is no child
}

// dropper is what an item is the shell of.
type dropper interface {
	// dropNow gives the thing up. It is called once, on a goroutine of
	// package group, and does not panic. It may call Goexit.
	dropNow(ctx context.Context) error
	kind() string // guard, daemon or child
	typ() string  // of the value, for spans and reports; may be empty
}

// itemState is how far the drop of an item is.
type itemState uint32

const (
	pending  itemState = iota // being opened or started; not in the graph
	live                      // left when its drop begins, or it is released or moved
	ending                    // its drop has begun; left when that has ended
	released                  // terminal: its value was handed out, or moved to another scope; or it is a daemon that has ended by itself
	gone                      // terminal: its drop has ended, or was given up
)

// item is the part that all nodes have in common: its place in the graph of its
// scope, and the one run of its drop, early or in the teardown.
type item struct {
	n    group.Node
	s    *Scope // whose it is; changed by nobody, since MoveTo makes another item
	impl dropper
	drop owner // the context of the drop

	// Written with s.mu held, but by a drop that begins and ends alone.
	state atomic.Uint32

	// Guarded by s.mu.
	numbered bool                      // its name has a number that it was not given
	born     age                       // set when it is registered
	extra    atomic.Pointer[itemExtra] // nil: none; a drop that ends alone asks for that without the lock
}

// itemExtra is what few items have. (Apart, it makes the guard of a request a
// quarter smaller.) It is guarded by the scope's mu.
type itemExtra struct {
	uses   []use                   // while pending: what it uses in its own scope
	above  []use                   // what it depends on in the scopes above
	exit   *Exit                   // that its drop sees, if an open function that failed gives it up
	made   []*item                 // while it is opened: what its open function has acquired or started
	early  *earlyDrop              // who drops it, until it is gone; nil: no call has asked
	told   error                   // of the drop, from state gone on
	site   string                  // where an early drop or a release was asked for
	record dropRecord              // of its drop, once it begins, if anybody looks
	stop   context.CancelCauseFunc // cancels an early drop that runs
	began  time.Time               // an early drop did
	cut    bool                    // an early drop was canceled, since the teardown has no more time for it
}

func (i *item) is() itemState   { return itemState(i.state.Load()) }
func (i *item) set(s itemState) { i.state.Store(uint32(s)) }

// extraLocked returns what few items have, to be read while the lock is held: all
// zero for most.
func (i *item) extraLocked() *itemExtra {
	if x := i.extra.Load(); x != nil {
		return x
	}
	return new(itemExtra)
}

// makeExtraLocked returns what few items have, to be set.
func (i *item) makeExtraLocked() *itemExtra {
	x := i.extraLocked()
	i.extra.Store(x)
	return x
}

func itemOf(n *group.Node) *item { return n.Dropper().(*item) }

func (i *item) name() string { return i.n.Name() }

// written is the name as it is written in the code, for the names of spans.
func (i *item) written() string { return i.trim(i.name()) }

// trim takes the number off the unique name of i that it was not given.
func (i *item) trim(name string) string {
	if i.numbered {
		name = name[:strings.LastIndexByte(name, '#')]
	}
	return name
}

// register puts i into the graph of its scope under a name of its own, with
// edges to what cfg names and to what was used while it was opened, and from what
// user, nil for none, opens it for. It returns ErrClosed when the scope no longer
// accepts anything, and is the only way by which something becomes the scope's. After
// an error nothing is registered.
func (i *item) register(name string, cfg *guardConfig, isUser bool, user *owner) error {
	if i.n.Name() != name { // else it has the name already, and others may read it
		i.n.Label(name)
	}
	deps, err := i.resolve(cfg.deps, false)
	if err == nil {
		err = i.enter(name, deps, cfg, isUser, user)
	}
	if err != nil {
		i.forget()
	}
	return err
}

// enter is register with the dependencies that are the scope's own.
func (i *item) enter(name string, deps []*item, cfg *guardConfig, isUser bool, user *owner) error {
	users := i.usersOf(user)
	if err := i.heldBelow(users); err != nil {
		return err
	}
	i.s.mu.Lock()
	err := i.registerLocked(name, deps, cfg, isUser, users)
	i.s.unlockAndCount()
	if err == nil {
		err = i.heldAbove(users)
	}
	return err
}

// forget gives up what an item that was not registered, or has ended, depends on
// outside of its graph.
func (i *item) forget() {
	x := i.extra.Load()
	if x == nil {
		return
	}
	i.s.mu.Lock()
	uses, above := x.uses, x.above
	x.uses, x.above = nil, nil
	i.s.mu.Unlock()
	unpin(uses)
	unpin(above)
}

func (i *item) registerLocked(name string, own []*item, cfg *guardConfig, isUser bool, users []*owner) error {
	s := i.s
	if s.state >= dropping {
		return ErrClosed
	}
	unique := s.uniqueLocked(name)
	i.numbered = unique != name
	return i.insertLocked(unique, own, cfg, isUser, users)
}

// insertLocked is registerLocked under a name that was taken for i, and that it
// gives back if i is refused.
func (i *item) insertLocked(unique string, own []*item, cfg *guardConfig, isUser bool, users []*owner) error {
	err := i.linkLocked(unique, own, cfg, isUser, users)
	if err != nil {
		i.s.names.free(unique)
	}
	return err
}

func (i *item) linkLocked(unique string, own []*item, cfg *guardConfig, isUser bool, users []*owner) error {
	s := i.s
	if s.state >= dropping {
		return ErrClosed
	}
	deps, err := s.depsLocked(i, own)
	if err != nil {
		return err
	}
	err = s.graph.Insert(&i.n, group.Spec{
		Name:    unique,
		Dropper: i,
		Deps:    deps,
		Users:   i.nodesOf(users),
		User:    isUser,
		All:     isUser && !cfg.narrowed,
		Hold:    cfg.hold,
		Timeout: cfg.timeout,
	})
	if err != nil {
		return notAccepted(err)
	}
	i.born = s.ageLocked()
	i.set(live)
	if x := i.extra.Load(); x != nil {
		unpin(x.uses) // they are edges now
		x.uses = nil
	}
	i.heldBesideLocked(users)
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
