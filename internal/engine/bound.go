package engine

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/ebb-go/ebb/internal/budget"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/outcome"
)

const (
	maxBlocks = 10   // the most names in Overrun.Blocks
	maxBelow  = 1000 // the most nodes that are counted for it
)

// limited reports whether the options bound the drops, so that one can be abandoned.
func (o *Options) limited() bool { return o.Timeout > 0 || !o.Deadline.IsZero() || o.Force != nil }

// timeoutError is the default of [Options.Cause].
func timeoutError(n *Node, limit time.Duration) error {
	return &TimeoutError{Name: n.name, Limit: limit}
}

// budget returns how long after its start the drop of t is canceled, and how much later
// it is abandoned; bounded is false if neither ever happens. The tail of a drop's own
// limit comes on top of the limit, and the tail of what a deadline leaves is part of
// it, so that the run is over at its deadline. Of the two the shorter one counts.
//
// Package budget does the arithmetic; the schedule decides the share.
func (r *run) budget(t *turn) (limit, tail time.Duration, bounded bool) {
	limit = r.node(t.pos).timeout
	if limit == 0 {
		limit = r.Timeout
	}
	bounded, tail = limit > 0, budget.Tail(limit)
	if r.Deadline.IsZero() {
		return limit, tail, bounded
	}
	// What has not started keeps its share of the reserve, however late this drop is.
	share := r.discipline().share
	if r.Limit > 0 {
		share = (*run).shareOfNodes // drops queue
	}
	after, all := share(r, t.pos, t.after)
	left, within := budget.Split(budget.Left(r.Deadline, r.at(t.now), budget.Share(r.Reserve, after, all)))
	if !bounded || left <= limit {
		return left, within, true
	}
	return limit, tail, true
}

// A bound can end the wait for one drop. The drop's end and abandon both set decided,
// and whichever sets it first decides the outcome and owns the record of the node.
type bound struct {
	run     *run
	pos     int32
	decided atomic.Bool // terminal; see above

	ctx    context.Context    // of the drop
	cancel context.CancelFunc // nil without a limit; the following are zero then
	limit  time.Duration      // after it ctx is canceled
	cause  error              // of that cancellation
	end    time.Time          // of the limit
	timer  *time.Timer        // calls abandon
}

// bind bounds the drop that is about to run. Both timers are set before the drop is
// called, so a drop that never looks at its context is abandoned all the same.
func (r *run) bind(t *turn) *bound {
	b := &bound{run: r, pos: t.pos, ctx: r.ctx}
	if limit, tail, bounded := r.budget(t); bounded {
		b.limit, b.end, b.cause = limit, r.at(budget.Sum(t.now, limit)), r.Cause(r.node(t.pos), limit)
		b.ctx, b.cancel = context.WithDeadlineCause(r.ctx, b.end, b.cause)
		b.timer = time.AfterFunc(time.Until(b.end.Add(tail)), b.abandon)
	}
	if bounds := r.extra.bounds; bounds != nil {
		// Either endNow finds the bound, or this goroutine finds that the run was
		// forced: each side stores first and then loads, so at least one of them
		// sees the other. Both may; abandon decides between two calls.
		bounds[t.pos].Store(b)
		if r.forced.Load() {
			b.abandon()
		}
	}
	return b
}

// drop calls the drop. If the drop is abandoned, its goroutine is found by this frame and
// the receiver in it, see [fault.Frame]; so drop must not be inlined, and b has to be
// alive until the drop has returned.
//
//go:noinline
func (b *bound) drop(d Dropper) error {
	err := d.Drop(b.ctx)
	runtime.KeepAlive(b)
	return err
}

// overrun describes a drop whose time is up at now, and returns nil for any other. The
// context alone does not answer that: it may be canceled because the run was forced.
func (b *bound) overrun(now time.Duration) *Overrun {
	if b.cancel == nil || b.ctx.Err() == nil || b.run.at(now).Before(b.end) {
		return nil
	}
	return &Overrun{Limit: b.limit, Cause: context.Cause(b.ctx), Blocks: b.run.blocks(b.pos)}
}

// release gives back the timers of the bound. Only the goroutine of the drop calls it,
// once the drop has ended.
func (b *bound) release() {
	if b.cancel != nil {
		b.timer.Stop()
		b.cancel()
	}
}

// abandon ends the wait for a drop that has not ended: a new worker takes the place of
// the one that is stuck in it. It is called by the timer and by endNow. Whatever sets
// decided first wins, the end of the drop included, so a node has exactly one outcome.
func (b *bound) abandon() {
	if b.decided.Swap(true) {
		return
	}
	r := b.run
	// The end is read before the stack is taken, since that stops the world and waits
	// for other looks.
	ended := r.now()
	if r.Limit > 0 {
		r.givePlace(b.pos)
	}
	cause := context.Cause(b.ctx)
	if cause == nil {
		// There are two timers, and on a busy machine the context's can be late.
		cause = b.cause
	}
	overrun := &Overrun{Limit: b.limit, Cause: cause, Blocks: r.blocks(b.pos)}
	r.extra.stuck.Add(1)
	overrun.Stack = r.extra.stacks.of(fault.FrameOf("(*bound).drop", b))
	r.extra.overruns[b.pos] = overrun
	r.records[b.pos].end(ended, outcome.Abandoned, ErrAbandoned)
	if r.extra.held != nil && r.node(b.pos).holds() {
		r.holdBack(b.pos)
	}
	r.notifyAbandoned(b.pos)
	// The stuck worker keeps its goroutine, and this turn its count: if the drop ever
	// returns, that worker finds decided set and leaves without counting itself off.
	r.resume(turn{step: ending, pos: b.pos})
}

// notifyAbandoned notifies the node at pos that this run has given it up. It comes after
// the outcome has been recorded, which it passes on.
func (r *run) notifyAbandoned(pos int32) {
	if a, ok := r.node(pos).dropper.(Abandoner); ok {
		a.Abandoned(r.outcome(pos))
	}
}

// holdBack marks everything that the node at pos depends on, directly or not. None of it
// has started, since the node has not been passed yet, and it will find the mark, since
// passing comes after. Whatever is marked has had everything below it marked too, so
// however many nodes hold, each edge is followed once.
func (r *run) holdBack(pos int32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	by := &heldError{by: r.node(pos).name}
	next := []int32{r.slot(pos)}
	mark := func(s int32) {
		if r.extra.held[s].CompareAndSwap(nil, by) { // the first of two holders is named
			next = append(next, s)
		}
	}
	for len(next) > 0 {
		from := next[len(next)-1]
		next = next[:len(next)-1]
		for _, d := range r.deps(from) {
			mark(d)
		}
		if !r.nodes[from].all {
			continue
		}
		for d := r.extra.heldTo; d < from; d++ {
			if !r.nodes[d].user {
				mark(d)
			}
		}
		r.extra.heldTo = max(r.extra.heldTo, from)
	}
}

// holder returns the reason why the node at pos is held back, or nil.
func (r *run) holder(pos int32) *heldError {
	if r.extra == nil || r.extra.held == nil {
		return nil
	}
	return r.extra.held[r.slot(pos)].Load()
}

// blocks returns the names of the nodes that cannot be dropped before the node at pos
// has ended: at most maxBlocks, then a count.
func (r *run) blocks(pos int32) []string {
	below := r.below(r.slot(pos), maxBelow+1)
	var names []string
	for i, s := range below {
		if i == maxBlocks {
			more := fmt.Sprintf("and %d more", len(below)-i)
			if len(below) > maxBelow {
				more = fmt.Sprintf("and more than %d more", maxBelow-i)
			}
			return append(names, more)
		}
		names = append(names, r.nodes[s].name)
	}
	return names
}
