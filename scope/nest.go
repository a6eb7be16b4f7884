package scope

import (
	"context"

	"github.com/ebb-go/ebb/internal/engine"
)

// endedLocked reports whether f accepts no further nested scope.
func (f *frame) endedLocked() bool {
	switch {
	case f.live.Load() == 0 || f.s.state == closed && f.way != dropUnowned:
		return true
	case f.kind == bodyFrame || f.kind == taskFrame:
		return f.s.state == dropping // those still alive then were abandoned
	}
	return false
}

// hasEnded reports whether f refuses what would be nested in it. [frame.adopt]
// decides; this only spares the opening of a scope that it would refuse.
func (f *frame) hasEnded() bool {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	return f.endedLocked()
}

// adopt counts child in as a lexical child of f, unless f has ended. Refusing
// and counting happen under the same lock as the end itself. If f was asked to
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
	ofBody := f == &p.body
	if ofBody {
		p.noticeDrained()
	}
	canceled := ofBody && child.wasCanceled() // asks a context, so without the lock
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
	if ofBody && p.state < dropping {
		p.drainedLocked().ended("run", child.Name(), canceled)
	}
	f.leaveLocked()
	p.mu.Unlock()
}

// enter counts one more, unless f has ended.
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
	// A context can live longer than its listeners.
	if asked := f.askLocked(errEnded, nil); asked != nil {
		engine.Start(finishing{asked}) // which needs the lock to be free
	}
	if f.kind != bodyFrame { // that of a scope keeps what it uses for the drops
		f.unpin(nil)
	}
	if f.idle != nil {
		close(f.idle)
	}
}

// join is called when the function of f has returned. It blocks until its
// lexical children have, too; after that f has ended.
func (f *frame) join() {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	f.joinLocked()
}

// joinLocked is join with the lock held, which is let go for the wait only:
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

// wasCanceled reports whether the context of a scope that has closed had been
// canceled before.
func (s *Scope) wasCanceled() bool {
	own := s.context.own.Load()
	return own != nil && own != endedUnmade && context.Cause(own.Context) != errEnded
}
