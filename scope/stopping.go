package scope

import "context"

// Stopping returns a channel that closes when the task, daemon or body in whose
// context it is called is asked to stop, or ctx is canceled; so one select suffices.
// In a drop, and outside of a scope, it is ctx.Done(). Calls with the same context
// return the same channel. It closes at the latest when the function has ended.
func Stopping(ctx context.Context) <-chan struct{} {
	f := lexicalFrameOf(ctx)
	if f == nil || f.kind == dropFrame {
		return ctx.Done()
	}
	// The context may be anybody's code, so it is asked without a lock held.
	if ctx.Err() != nil {
		return ctx.Done()
	}
	l := &listener{done: ctx.Done(), stopping: make(chan struct{})}
	known, told := f.listen(l)
	if known == l && !told {
		f.watch(l, ctx)
	}
	return known.stopping
}

// StoppingContext returns a context derived from ctx that is canceled as soon as
// [Stopping] of ctx closes: with the cause that the scope was asked to stop with, or
// that of ctx. It is for libraries that take a context and no channel. The caller
// calls cancel when what it was made for has ended; that frees what it holds.
func StoppingContext(ctx context.Context) (context.Context, context.CancelFunc) {
	derived, cancel := context.WithCancelCause(ctx)
	f := lexicalFrameOf(ctx)
	if f == nil || f.kind == dropFrame || ctx.Err() != nil {
		return derived, func() { cancel(context.Canceled) }
	}
	l := &listener{cancel: cancel}
	if _, told := f.listen(l); told {
		cancel(f.s.stopCause())
	} else {
		f.watch(l, derived)
	}
	return derived, func() { cancel(context.Canceled) }
}

// listener waits for a frame to be asked to stop. It leaves the
// frame's list when it is told, or the context that it has asked with has ended.
// Of stopping and cancel it has one.
type listener struct {
	done     <-chan struct{} // of the context that was asked with
	stopping chan struct{}   // closed when it is told
	cancel   context.CancelCauseFunc

	// Guarded by the mu of the frame's scope.
	asked      bool        // off the list: terminal
	cause      error       // of being told
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

// listen adds l and returns it, unless there is a listener with the same context already:
// then it returns that one. If o was asked to stop before, or has ended, l is told at
// once.
func (f *frame) listen(l *listener) (known *listener, told bool) {
	s := f.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.asked || s.stopReasonLocked() != nil && f.kind <= taskFrame || f.live.Load() == 0 {
		l.asked = true
		if l.stopping != nil {
			close(l.stopping)
		}
		return l, true
	}
	if f.stopping == nil {
		f.stopping = new(listeners)
	}
	all := f.stopping
	if l.stopping != nil {
		if known := all.byDone[l.done]; known != nil {
			return known, false
		}
		if all.byDone == nil {
			all.byDone = make(map[<-chan struct{}]*listener, 1)
		}
		all.byDone[l.done] = l
	}
	if l.next = all.newest; l.next != nil {
		l.next.prev = l
	}
	all.newest = l
	return l, false
}

// watch ends the listening of l when ctx ends, unless l was told meanwhile.
func (f *frame) watch(l *listener, ctx context.Context) {
	unwatch := context.AfterFunc(ctx, func() { f.unlisten(l) })
	f.s.mu.Lock()
	told := l.asked
	if !told {
		l.unwatch = unwatch // else it stays as who has told l has found it
	}
	f.s.mu.Unlock()
	if told {
		unwatch()
	}
}

// unlisten takes l, whose context has ended, off the list, and closes its channel.
func (f *frame) unlisten(l *listener) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	if l.asked {
		return
	}
	l.asked = true
	all := f.stopping
	if l.prev != nil {
		l.prev.next = l.next
	} else {
		all.newest = l.next
	}
	if l.next != nil {
		l.next.prev = l.prev
	}
	l.prev, l.next = nil, nil
	if l.stopping != nil {
		delete(all.byDone, l.done)
		close(l.stopping)
	}
	if all.newest == nil {
		f.stopping = nil // a map keeps its buckets
	}
}

// askedList are listeners that were told, of which something is left to be done
// without the lock: contexts are foreign code.
type askedList = listener

// tellLocked closes the channels of all who listen, takes them off the list, and puts
// those that are not finished with in front of told.
func (f *frame) askLocked(cause error, told *askedList) *askedList {
	if f.stopping == nil {
		return told
	}
	for l := f.stopping.newest; l != nil; {
		next := l.next
		l.asked, l.cause, l.prev, l.next = true, cause, nil, nil
		if l.stopping != nil {
			close(l.stopping)
		}
		if l.cancel != nil || l.unwatch != nil {
			l.next, told = told, l
		}
		l = next
	}
	f.stopping = nil
	return told
}

// finish cancels the contexts of the told, and ends what watches theirs. It is called
// without the lock.
func (told *askedList) finish() {
	for l := told; l != nil; {
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
type finishing struct{ told *askedList }

func (f finishing) Run() { f.told.finish() }
