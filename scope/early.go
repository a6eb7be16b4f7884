package scope

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/group"
)

// earlyDrop is the run of a drop that was asked for while the scope lived.
type earlyDrop struct {
	item    *item
	tree    bool          // its dependents too
	bound   time.Time     // of the Close of a child: the deadline of its context; zero is none
	begun   chan struct{} // closed when what it drops is its own, or was refused
	done    chan struct{} // closed when it has ended
	err     error         // read after done
	waiters int           // guarded by the scope's mu: callers that will hear err

	prev, next *earlyDrop // in the list of those that have not ended; guarded by the scope's mu
}

// dropEarly drops i now, with tree after its dependents, and waits for that as
// long as ctx lives. Only the call that started the drop, and those that
// overlapped it, hear its error.
func (i *item) dropEarly(ctx context.Context, tree bool) (err error) {
	_, err = i.dropOrJoin(ctx, tree)
	return err
}

// dropOrJoin is dropEarly; first says whether this call has started the drop.
func (i *item) dropOrJoin(ctx context.Context, tree bool) (first bool, err error) {
	s := i.s
	self, inside := i.askedFrom(ctx)
	i.giveUpUse(ownerOf(ctx))
	bound := i.closeBound(ctx)
	s.mu.Lock()
	e := i.extraLocked().early
	// Once nothing is alive that the exit waits for, it is on its way to
	// dropping, and nothing may be counted in any more.
	exiting := s.state >= dropping || s.body.live.Load() == 0
	switch {
	case self || inside && exiting && i.is() == live:
		s.mu.Unlock()
		return false, s.refusal("drop", i.name(), ErrReentrant)
	case i.is() == gone || i.is() == released || e != nil && isClosed(e.done):
		s.mu.Unlock()
		return false, nil
	case e == nil && (i.is() == ending || exiting):
		// Its turn in a run that goes on already, a teardown or a DropTree.
		done := i.doneLocked()
		s.mu.Unlock()
		return false, i.await(ctx, done)
	case e == nil:
		first = true
		e = &earlyDrop{item: i, tree: tree, bound: bound, begun: make(chan struct{}), done: make(chan struct{})}
		r := i.makeExtraLocked()
		r.early = e
		if _, guard := i.impl.(interface{ guarded() }); guard {
			r.site = callSite() // for who uses the value afterwards
		}
		s.beginEarlyLocked(e)
	}
	_, child := i.impl.(*Scope)
	hears := first || !child // a later Close of a child only waits
	if hears {
		e.waiters++
	}
	s.mu.Unlock()
	if first {
		group.Start(e)
	}
	select {
	case <-e.done:
		return first, e.err
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-e.done:
		return first, e.err
	default:
		if hears {
			e.waiters--
		}
		return first, context.Cause(ctx)
	}
}

// closeBound returns the deadline of the context that a child is closed with, unless
// that has passed: then it bounds the wait only.
func (i *item) closeBound(ctx context.Context) time.Time {
	if _, child := i.impl.(*Scope); !child {
		return time.Time{}
	}
	deadline, ok := ctx.Deadline()
	if !ok || !time.Now().Before(deadline) {
		return time.Time{}
	}
	return deadline
}

// beginEarlyLocked adds e to the early drops that have not ended. It is no task: the
// exit does not wait for it before the teardown, which meets what it drops.
func (s *Scope) beginEarlyLocked(e *earlyDrop) {
	in := s.incidentsLocked()
	if e.next = in.early; e.next != nil {
		e.next.prev = e
	}
	in.early = e
}

// endEarlyLocked is its opposite.
func (s *Scope) endEarlyLocked(e *earlyDrop) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		s.incidents.early = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	}
	close(e.done)
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// await waits for a drop that another run does, and returns its error.
func (i *item) await(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	told := i.extraLocked().told
	switch err := told.(type) {
	case nil:
		return nil
	case *DropError:
		return err
	}
	return &DropError{Scope: i.s.Path(), Guard: i.name(), Wave: i.n.Wave(), Outcome: outcomeOf(told), Err: told}
}

// outcomeOf is the word for what a drop that was not bounded came to.
func outcomeOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case err == ErrGoexit:
		return "goexit"
	}
	if _, ok := err.(*PanicError); ok {
		return "panic"
	}
	return "error"
}

// elsewhere is the outcome of a drop that found its node taken: by another run,
// of which it is a part, and which it waits for; or by a Release or MoveTo that
// came between, after which there is nothing to drop here. Those take the node
// and say so under one lock, so a node that is not released will be gone.
func (i *item) elsewhere(ctx context.Context) error {
	i.s.mu.Lock()
	if i.is() == released {
		i.s.mu.Unlock()
		return nil
	}
	done := i.doneLocked()
	i.s.mu.Unlock()
	return i.await(ctx, done)
}

// Run is the goroutine of an early drop.
func (e *earlyDrop) Run() {
	i := e.item
	s := i.s
	drop := s.graph.Drop
	if e.tree {
		drop = s.graph.DropTree
	}
	ctx := context.WithoutCancel(s.context.base)
	outcomes, err := drop(ctx, &i.n, s.options(nil), group.Begun(func() { close(e.begun) }))
	others := false // err is that of another run, whose business it is
	if err != nil {
		close(e.begun)
		err = s.refusal("drop", i.name(), notAccepted(err))
		if others = errors.Is(err, ErrDropped); others {
			err = i.elsewhere(ctx)
		}
	}
	for _, o := range outcomes {
		err = multierr.Append(err, itemOf(o.Node).outcome(o))
	}
	s.mu.Lock()
	if e.err = err; err != nil && i.is() == live {
		i.makeExtraLocked().early = nil // refused; the next call tries again
	}
	unheard := err != nil && e.waiters == 0 && !others && !i.extraLocked().cut
	late := unheard && s.incidents.collected
	if unheard && !late {
		s.failLocked(failure{earlyIndex, err, nil})
	}
	s.endEarlyLocked(e)
	s.mu.Unlock()
	if late {
		s.warn("ebb: late result of an abandoned drop", slog.String("guard", i.name()), slog.Any("error", err))
	}
}
