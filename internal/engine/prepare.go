package engine

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
)

// few is up to how many nodes the records of a run are a part of it.
const few = 4

// fewRun is a run and its records in one allocation. (For the three guards of a
// request that takes a third of the time that several do.)
type fewRun struct {
	run
	few [few]record
}

func newRun(nodes []*Node, linked bool) *run {
	n := len(nodes)
	if n > few {
		return &run{plan: newPlan(nodes, linked), records: make([]record, n), started: time.Now()}
	}
	f := new(fewRun)
	f.plan, f.records, f.started = newPlan(nodes, linked), f.few[:n:n], time.Now()
	return &f.run
}

// makeExtra returns what few runs need, to be set.
func (r *run) makeExtra() *extra {
	if r.extra == nil {
		r.extra = new(extra)
	}
	return r.extra
}

// extra is the part of a run that is there only if an option, a node or an
// earlier run asks for any of it.
type extra struct {
	others   map[int32]Dropper           // by position: stands in for a node that another run drops
	queue    []int32                     // the positions in the queue; nil: they are in their order
	cancel   context.CancelCauseFunc     // of ctx, with Force; else nil
	peel     *peel                       // for schedules that release, and to know who released whom; else nil
	rank     []int32                     // by slot: its position; with peel or a queue
	released []release                   // by position, with Observe
	overruns []*Overrun                  // by position, when bounded; each element belongs to who decides it
	bounds   []atomic.Pointer[bound]     // by position, with Force: of the drop once it runs
	held     []atomic.Pointer[heldError] // by slot, with holds: set when it must not be dropped
	places   []int32                     // with Limit: the positions whose drops run; guarded by the run's mu
	heldTo   int32                       // all slots before it that an All implies are held; guarded by the run's mu
	stuck    atomic.Int32                // how many drops were abandoned
	stacks   stacks                      // of their goroutines

	broken atomic.Pointer[fault.PanicError] // the first that the observer did; not with a Container
}

// release says when the last of a node's dependents had ended, and which it was.
type release struct {
	at time.Duration // since the run began
	by *Node
}

// prepare makes what the options ask for, and nothing else.
func (r *run) prepare(ctx context.Context) {
	if r.ready.Load() {
		return // by BeginTeardown
	}
	defer r.ready.Store(true)
	n := len(r.nodes)
	r.ctx = ctx
	if r.Cause == nil {
		r.Cause = timeoutError
	}
	if r.limited() {
		r.bounded = true
		if !r.Deadline.IsZero() && !r.started.Before(r.Deadline) {
			r.Deadline = r.started.Add(r.Reserve)
		}
		if !r.Deadline.IsZero() {
			r.Reserve = min(r.Reserve, r.Deadline.Sub(r.started))
		}
	}
	if !r.noticed() {
		r.Slow = 0
	} else if _, ok := r.Notice.(Container); !ok {
		r.makeExtra() // for broken
	}
	if r.Limit > 0 {
		r.makeExtra() // for places
	}
	if r.bounded {
		r.makeExtra().overruns = make([]*Overrun, n)
	}
	if r.Force != nil {
		x := r.makeExtra()
		x.bounds = make([]atomic.Pointer[bound], n)
		r.ctx, x.cancel = context.WithCancelCause(ctx)
	}
	if r.holds {
		r.makeExtra().held = make([]atomic.Pointer[heldError], n)
	}
	if !r.Schedule.Valid() {
		r.Schedule = Waves
	}
	d := r.discipline()
	if d.order != nil || d.releases || r.Observe != nil {
		r.makeExtra().rank = r.ranks()
	}
	if d.releases || r.Observe != nil {
		r.extra.peel = newPeel(&r.plan)
	}
	if r.Observe != nil {
		r.extra.released = make([]release, n)
		r.extra.peel.ended = func(s int32) time.Duration { return r.records[r.extra.rank[s]].ended }
	}
	if d.order != nil {
		r.extra.queue = d.order(r)
	}
}
