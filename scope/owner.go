package scope

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/ebb-go/ebb/group"
)

// ownerKind says what function an owner stands for.
type ownerKind uint8

const (
	bodyOwner    ownerKind = iota // the function given to Run; for a child, its whole life
	taskOwner                     // a task
	daemonOwner                   // a daemon
	dropOwner                     // a drop function
	openingOwner                  // an open function: owns no nested scopes, records what it uses
)

// dropWay says how a drop has come about.
type dropWay uint8

const (
	dropInTeardown dropWay = iota // maybe with early drops beside it
	dropAlone                     // in a teardown without, where nothing can be abandoned either
	dropEarly                     // asked for while the scope lived
	dropUnowned                   // likewise, of what its scope did not accept any more
)

// An owner is the context that a scope hands to one function of the user's, so
// that what is called with that context can find whose it is: a nested Run its
// owner, a Use the guard that is being opened, an ExitOf its scope.
//
// It keeps the context it wraps because it is a context itself, and a scope keeps
// the one that it was opened in; nothing else in the package stores one that it
// was merely passed.
type owner struct {
	context.Context

	s     *Scope
	item  *item // of an opening, a daemon or a drop
	kind  ownerKind
	way   dropWay // of a drop
	apart bool    // of the opening of a lazy: its callers wait for it, each on its own
	asked bool    // guarded by s.mu: a daemon that was asked to stop, for what it nests

	// live is one while the function runs, and one more for each lexical child. The
	// body's counts the tasks too. At zero, which is terminal, the owner has ended.
	// It is changed with s.mu held, but for a drop that ends alone.
	live atomic.Int32
	// idle, guarded by s.mu, is made by whoever waits for live to be zero, and
	// closed when it is.
	idle chan struct{}
	// stopping, guarded by s.mu, are those who wait for it to be asked to stop; nil
	// for none.
	stopping *listeners
}

// begin makes o the context of a function of s that is about to be called.
func (o *owner) begin(ctx context.Context, s *Scope, kind ownerKind) {
	o.Context, o.s, o.kind = ctx, s, kind
	o.live.Store(1)
}

type ownerKey struct{}

// ownerOf returns the innermost owner in ctx, which may be an opening, or nil.
func ownerOf(ctx context.Context) *owner {
	if o, ok := ctx.(*owner); ok {
		return o // as it was handed out: the usual case, and 15 ns less
	}
	o, _ := ctx.Value(ownerKey{}).(*owner)
	return o
}

// lexicalOwnerOf returns the owner that a Run on ctx belongs to, or nil.
func lexicalOwnerOf(ctx context.Context) *owner {
	o := ownerOf(ctx)
	for o != nil && o.kind == openingOwner {
		o = ownerOf(o.Context)
	}
	return o
}

// lexicalOwner returns whose lexical child s is: nil for a root and for a child.
func (s *Scope) lexicalOwner() *owner {
	return s.within
}

// Value answers for the owner itself and leaves the rest to the context that it
// wraps. Deriving a context from an owner costs no goroutine, since package
// context finds its own cancellation below.
func (o *owner) Value(key any) any {
	if _, ok := key.(ownerKey); ok { // one word to compare, where == would call a function
		return o
	}
	if _, ok := key.(borrowKey); ok && o.kind != openingOwner {
		return o.s.borrowed // so that no context of anyone else's is asked
	}
	return o.Context.Value(key)
}

// String keeps fmt from printing a scope field by field, which would race.
func (o *owner) String() string { return fmt.Sprintf("scope(%q)", o.s.Path()) }

// endedLocked reports whether o accepts no further nested scope.
func (o *owner) endedLocked() bool {
	switch {
	case o.live.Load() == 0 || o.s.state == closed && o.way != dropUnowned:
		return true
	case o.kind == bodyOwner || o.kind == taskOwner:
		return o.s.state == dropping // those still alive then were abandoned
	}
	return false
}

// hasEnded reports whether o refuses what would be nested in it. [owner.adopt]
// decides; this only spares the opening of a scope that it would refuse.
func (o *owner) hasEnded() bool {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	return o.endedLocked()
}

// adopt counts child in as a lexical child of o, unless o has ended. Refusing
// and counting happen under the same lock as the end itself. If o was asked to
// stop, child is to be asked too.
func (o *owner) adopt(child *Scope) (stopped, ok bool) {
	p := o.s
	p.mu.Lock()
	defer p.mu.Unlock()
	if o.endedLocked() {
		return false, false
	}
	if !o.enter() { // a drop has ended without the lock at this very moment
		return false, false
	}
	if child.next = p.nested; child.next != nil {
		child.next.prev = child
	}
	p.nested = child
	return o.asked || p.stopReasonLocked() != nil && o.kind <= taskOwner, true
}

// release is adopt's opposite.
func (o *owner) release(child *Scope) {
	p := o.s
	if o == &p.body {
		p.noticeDrained()
	}
	p.mu.Lock()
	if child.prev != nil {
		child.prev.next = child.next
	} else {
		p.nested = child.next
	}
	if child.next != nil {
		child.next.prev = child.prev
	}
	child.prev, child.next = nil, nil
	if d := p.drainedLocked(); d != nil && o == &p.body && p.state < dropping {
		d.ended("run", child.name, child.wasCanceled())
	}
	o.leaveLocked()
	p.mu.Unlock()
}

// enter counts one more, unless o has ended.
func (o *owner) enter() bool {
	for {
		live := o.live.Load()
		if live == 0 {
			return false
		}
		if o.live.CompareAndSwap(live, live+1) {
			return true
		}
	}
}

func (o *owner) leaveLocked() {
	if o.live.Add(-1) > 0 {
		return
	}
	// A context can live longer than those who listen on it.
	if told := o.tellLocked(errEnded, nil); told != nil {
		group.Start(finishing{told}) // which needs the lock to be free
	}
	if o.idle != nil {
		close(o.idle)
	}
}

// join is called when the function of o has returned. It blocks until its
// lexical children have, too; after that o has ended.
func (o *owner) join() {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.joinLocked()
}

// joinLocked is join for who holds the lock, which is let go for the wait only:
// most functions have nothing nested.
func (o *owner) joinLocked() {
	o.leaveLocked()
	if o.live.Load() == 0 {
		return
	}
	o.idle = make(chan struct{})
	o.s.mu.Unlock()
	<-o.idle
	o.s.mu.Lock()
}

// outer returns the owner around o: that of the context in which a guard is
// opened, else the one in which the scope of o was made.
func (o *owner) outer() *owner {
	if o.kind == openingOwner {
		return ownerOf(o.Context)
	}
	return o.s.frame
}
