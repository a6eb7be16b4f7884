package scope

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/ebb-go/ebb/group"
)

// frameKind says what function a frame stands for.
type frameKind uint8

const (
	bodyFrame    frameKind = iota // the function given to Run; for a child, its whole life
	taskFrame                     // a task
	daemonFrame                   // a daemon
	dropFrame                     // a drop function
	openingFrame                  // an open function: owns no nested scopes, records what it uses
)

// dropWay says how a drop has come about.
type dropWay uint8

const (
	dropInTeardown dropWay = iota // maybe with early drops beside it
	dropAlone                     // in a teardown without, where nothing can be abandoned either
	dropEarly                     // asked for while the scope lived
	dropUnowned                   // likewise, of what its scope did not accept any more
)

// A frame is the context that a scope hands to one function of the user's, so
// that what is called with that context can find whose it is: a nested Run its
// owner, a Use the guard that is being opened, an ExitOf its scope.
//
// It keeps the context it wraps because it is a context itself, and a scope keeps
// the one that it was opened in; nothing else in the package stores one that it
// was merely passed.
type frame struct {
	context.Context

	s     *Scope
	node  *node // of an opening, a daemon or a drop
	kind  frameKind
	way   dropWay // of a drop
	apart bool    // of the opening of a lazy: its callers wait for it, each on its own
	asked bool    // guarded by s.mu: a daemon that was asked to stop, for what it nests

	// live is one while the function runs, and one more for each lexical child. The
	// body's counts the tasks too. At zero, which is terminal, the frame has ended.
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
func (f *frame) begin(ctx context.Context, s *Scope, kind frameKind) {
	f.Context, f.s, f.kind = ctx, s, kind
	f.live.Store(1)
}

type frameKey struct{}

// frameOf returns the innermost frame in ctx, which may be an opening, or nil.
func frameOf(ctx context.Context) *frame {
	if f, ok := ctx.(*frame); ok {
		return f // as it was handed out: the usual case, and 15 ns less
	}
	f, _ := ctx.Value(frameKey{}).(*frame)
	return f
}

// lexicalFrameOf returns the owner that a Run on ctx belongs to, or nil.
func lexicalFrameOf(ctx context.Context) *frame {
	f := frameOf(ctx)
	for f != nil && f.kind == openingFrame {
		f = frameOf(f.Context)
	}
	return f
}

// lexicalOwner returns whose lexical child s is: nil for a root and for a child.
func (s *Scope) lexicalFrame() *frame {
	return s.within
}

// Value answers for the frame itself and leaves the rest to the context that it
// wraps. Deriving a context from a frame costs no goroutine, since package
// context finds its own cancellation below.
func (f *frame) Value(key any) any {
	if _, ok := key.(frameKey); ok { // one word to compare, where == would call a function
		return f
	}
	if _, ok := key.(borrowKey); ok && f.kind != openingFrame {
		return f.s.borrowed // so that no context of anyone else's is asked
	}
	return f.Context.Value(key)
}

// String keeps fmt from printing a scope field by field, which would race.
func (f *frame) String() string { return fmt.Sprintf("scope(%q)", f.s.Path()) }

// endedLocked reports whether o accepts no further nested scope.
func (f *frame) endedLocked() bool {
	switch {
	case f.live.Load() == 0 || f.s.state == closed && f.way != dropUnowned:
		return true
	case f.kind == bodyFrame || f.kind == taskFrame:
		return f.s.state == dropping // those still alive then were abandoned
	}
	return false
}

// hasEnded reports whether o refuses what would be nested in it. [frame.adopt]
// decides; this only spares the opening of a scope that it would refuse.
func (f *frame) hasEnded() bool {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	return f.endedLocked()
}

// adopt counts child in as a lexical child of o, unless o has ended. Refusing
// and counting happen under the same lock as the end itself. If o was asked to
// stop, child is to be asked too.
func (f *frame) adopt(child *Scope) (stopped, ok bool) {
	p := f.s
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.endedLocked() {
		return false, false
	}
	if !f.enter() { // a drop has ended without the lock at this very moment
		return false, false
	}
	if child.next = p.nested; child.next != nil {
		child.next.prev = child
	}
	p.nested = child
	return f.asked || p.stopReasonLocked() != nil && f.kind <= taskFrame, true
}

// release is adopt's opposite.
func (f *frame) release(child *Scope) {
	p := f.s
	if f == &p.body {
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
	if d := p.drainedLocked(); d != nil && f == &p.body && p.state < dropping {
		d.ended("run", child.name, child.wasCanceled())
	}
	f.leaveLocked()
	p.mu.Unlock()
}

// enter counts one more, unless o has ended.
func (f *frame) enter() bool {
	for {
		live := f.live.Load()
		if live == 0 {
			return false
		}
		if f.live.CompareAndSwap(live, live+1) {
			return true
		}
	}
}

func (f *frame) leaveLocked() {
	if f.live.Add(-1) > 0 {
		return
	}
	// A context can live longer than those who listen on it.
	if told := f.askLocked(errEnded, nil); told != nil {
		group.Start(finishing{told}) // which needs the lock to be free
	}
	if f.idle != nil {
		close(f.idle)
	}
}

// join is called when the function of o has returned. It blocks until its
// lexical children have, too; after that o has ended.
func (f *frame) join() {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	f.joinLocked()
}

// joinLocked is join for who holds the lock, which is let go for the wait only:
// most functions have nothing nested.
func (f *frame) joinLocked() {
	f.leaveLocked()
	if f.live.Load() == 0 {
		return
	}
	f.idle = make(chan struct{})
	f.s.mu.Unlock()
	<-f.idle
	f.s.mu.Lock()
}

// outer returns the frame around f: that of the context in which a guard is
// opened, else the one in which the scope of o was made.
func (f *frame) outer() *frame {
	if f.kind == openingFrame {
		return frameOf(f.Context)
	}
	return f.s.opener
}
