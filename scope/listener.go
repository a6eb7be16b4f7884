package scope

import "context"

// listener waits for a frame to be asked to stop. It leaves the
// frame's list when it is asked, or the context that it has asked with has ended.
// Of stopping and cancel it has one.
type listener struct {
	done     <-chan struct{} // of the context that was asked with
	stopping chan struct{}   // closed when it is asked
	cancel   context.CancelCauseFunc

	// Guarded by the mu of the frame's scope.
	asked      bool        // off the list: terminal
	cause      error       // with which it was asked
	unwatch    func() bool // ends the watch on the context; nil before there is one
	prev, next *listener   // next is also that of a askedList
}

// listeners are those of one frame. A context that is derived from the frame's has a
// Done of its own, so there may be as many as there are contexts; those that have
// ended leave nothing.
type listeners struct {
	newest *listener
	byDone map[<-chan struct{}]*listener // those with stopping
}

// askedList holds listeners that were asked to stop and have work left that needs no
// lock: contexts are foreign code.
type askedList = listener

// askLocked closes the channels of all listeners, takes them off the list, and puts
// those that finish has work for in front of asked.
func (f *frame) askLocked(cause error, asked *askedList) *askedList {
	more := f.more.Load()
	if more == nil || more.stopping == nil {
		return asked
	}
	for l := more.stopping.newest; l != nil; {
		next := l.next
		l.asked, l.cause, l.prev, l.next = true, cause, nil, nil
		if l.stopping != nil {
			close(l.stopping)
		}
		if l.cancel != nil || l.unwatch != nil {
			l.next, asked = asked, l
		}
		l = next
	}
	more.stopping = nil
	return asked
}

// finish cancels the contexts of the listeners that were asked, and ends the watches on
// theirs. It is called without the lock.
func (asked *askedList) finish() {
	for l := asked; l != nil; {
		next := l.next
		l.next = nil
		if l.cancel != nil {
			l.cancel(l.cause)
		}
		if l.unwatch != nil {
			l.unwatch()
		}
		l = next
	}
}

// finishing is finish on a goroutine of its own.
type finishing struct{ asked *askedList }

func (f finishing) Run() { f.asked.finish() }
