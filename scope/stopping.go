package scope

import (
	"context"
)

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
	known, asked := f.listen(l)
	if known == l && !asked {
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
	if _, asked := f.listen(l); asked {
		cancel(f.s.stopCause())
	} else {
		f.watch(l, derived)
	}
	return derived, func() { cancel(context.Canceled) }
}

// listen adds l and returns it, unless there is a listener with the same context already:
// then it returns that one. If f was asked to stop before, or has ended, l is asked at
// once.
func (f *frame) listen(l *listener) (known *listener, asked bool) {
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
	more := f.makeMore()
	if more.stopping == nil {
		more.stopping = new(listeners)
	}
	all := more.stopping
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

// watch ends the listening of l when ctx ends, unless l was asked meanwhile.
func (f *frame) watch(l *listener, ctx context.Context) {
	unwatch := context.AfterFunc(ctx, func() { f.unlisten(l) })
	f.s.mu.Lock()
	asked := l.asked
	if !asked {
		l.unwatch = unwatch // else it stays as the goroutine that has asked l has found it
	}
	f.s.mu.Unlock()
	if asked {
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
	more := f.more.Load()
	all := more.stopping
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
		more.stopping = nil // a map keeps its buckets
	}
}
