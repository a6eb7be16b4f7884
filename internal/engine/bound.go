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
	maxBlocks = 10   // names in Overrun.Blocks
	maxBelow  = 1000 // nodes that are counted for it
)

// limited reports whether options bound the drops.
func (o *Options) limited() bool { return o.Timeout > 0 || !o.Deadline.IsZero() || o.Force != nil }

// timeoutError is the default of the option Cause.
func timeoutError(n *Node, limit time.Duration) error {
	return &TimeoutError{Name: n.name, Limit: limit}
}

// budget returns how long after its start the drop of t is canceled, and how much
// later it is abandoned; bounded is false if it never is. The tenth after a drop's
// own limit comes on top; what a deadline leaves has it within. A limit that is
// longer than what the deadline leaves is none.
func (r *run) budget(t *turn) (limit, tail time.Duration, bounded bool) {
	limit = r.node(t.pos).timeout
	if limit == 0 {
		limit = r.Timeout
	}
	bounded, tail = limit > 0, budget.Tail(limit)
	if r.Deadline.IsZero() {
		return limit, tail, bounded
	}
	// What has not started keeps its share of the reserve.
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

// A bound is what can end the wait for one drop.
type bound struct {
	run     *run
	pos     int32
	decided atomic.Bool // the outcome is; set by who decides it, the drop's end or abandon

	ctx    context.Context    // of the drop
	cancel context.CancelFunc // nil without limit, as are the following
	limit  time.Duration      // after which ctx is canceled
	cause  error              // with which
	end    time.Time          // when that is
	timer  *time.Timer        // abandons
}

// bind bounds the drop that is about to run.
func (r *run) bind(t *turn) *bound {
	b := &bound{run: r, pos: t.pos, ctx: r.ctx}
	if limit, tail, bounded := r.budget(t); bounded {
		b.limit, b.end, b.cause = limit, r.at(budget.Sum(t.now, limit)), r.Cause(r.node(t.pos), limit)
		b.ctx, b.cancel = context.WithDeadlineCause(r.ctx, b.end, b.cause)
		b.timer = time.AfterFunc(time.Until(b.end.Add(tail)), b.abandon)
	}
	if bounds := r.extra.bounds; bounds != nil {
		// Either endNow finds the bound, or it is found here that the run
		// was forced: each side writes first and then looks.
		bounds[t.pos].Store(b)
		if r.forced.Load() {
			b.abandon()
		}
	}
	return b
}

// drop calls the drop. The frame is the one by which the goroutine is found if
// the drop has to be abandoned; see [fault.Frame].
//
//go:noinline
func (b *bound) drop(d Dropper) error {
	err := d.Drop(b.ctx)
	runtime.KeepAlive(b)
	return err
}

// overrun returns nil if the drop's time is not up at now.
func (b *bound) overrun(now time.Duration) *Overrun {
	if b.cancel == nil || b.ctx.Err() == nil || b.run.at(now).Before(b.end) {
		return nil
	}
	return &Overrun{Limit: b.limit, Cause: context.Cause(b.ctx), Blocks: b.run.blocks(b.pos)}
}

// release gives back what the bound has taken. It is called by the drop's
// goroutine only.
func (b *bound) release() {
	if b.cancel != nil {
		b.timer.Stop()
		b.cancel()
	}
}

// abandon ends the wait for a drop that has not ended: a new worker takes the
// place of the one that is stuck in it. It is called by the timer and by Force;
// the first to set decided wins, against the drop's end too, so a node has one
// outcome.
func (b *bound) abandon() {
	if b.decided.Swap(true) {
		return
	}
	r := b.run
	ended := r.now() // before its stack is taken, which stops the world
	if r.Limit > 0 {
		r.givePlace(b.pos)
	}
	cause := context.Cause(b.ctx)
	if cause == nil {
		// Two timers: on a busy machine that of the context can be late.
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
	r.resume(turn{step: ending, pos: b.pos})
}

// notifyAbandoned tells the node at pos that this run has given it up.
func (r *run) notifyAbandoned(pos int32) {
	if a, ok := r.node(pos).dropper.(Abandoner); ok {
		a.Abandoned(r.outcome(pos))
	}
}

// holdBack marks all that the node at pos depends on: none of it has started, for
// the node has not been passed yet. What is marked has marked all below it, so
// however many nodes hold, each edge is gone along once.
func (r *run) holdBack(pos int32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	by := &heldError{by: r.node(pos).name}
	next := []int32{r.slot(pos)}
	mark := func(s int32) {
		if r.extra.held[s].CompareAndSwap(nil, by) { // of two that hold a node, the first is named
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

// holder returns why the node at pos is held back, or nil.
func (r *run) holder(pos int32) *heldError {
	if r.extra == nil || r.extra.held == nil {
		return nil
	}
	return r.extra.held[r.slot(pos)].Load()
}

// blocks names what waits for the node at pos.
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
