package engine

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
)

// few is the number of nodes up to which the records of a run are a part of it.
const few = 4

// fewRun is a run and its records in one allocation. (For the three guards of a request,
// one allocation takes a third of the time of several.)
type fewRun struct {
	run
	few [few]record
}

// newRun plans a run of nodes. The graph's lock is held.
func newRun(nodes []*Node, linked bool) *run {
	n := len(nodes)
	if n > few {
		return &run{plan: newPlan(nodes, linked), records: make([]record, n), started: time.Now()}
	}
	f := new(fewRun)
	f.plan, f.records, f.started = newPlan(nodes, linked), f.few[:n:n], time.Now()
	return &f.run
}

// makeExtra returns the extra of the run, and makes it first if there is none. It is
// called before the first worker starts, so workers read the pointer without a lock.
func (r *run) makeExtra() *extra {
	if r.extra == nil {
		r.extra = new(extra)
	}
	return r.extra
}

// extra is the part of a run that exists only if an option, a node or an earlier run
// needs any of it. Each field is nil or zero unless it is needed.
type extra struct {
	others   map[int32]Dropper           // by position: in place of a node that another run drops
	queue    []int32                     // the order of the positions in the queue; nil: the positions themselves
	cancel   context.CancelCauseFunc     // of ctx; with Force
	peel     *peel                       // for schedules that release, and with Observe
	rank     []int32                     // by slot: its position; with peel or queue
	released []release                   // by position, with Observe
	overruns []*Overrun                  // by position, when bounded; an element belongs to the goroutine that decides the outcome
	bounds   []atomic.Pointer[bound]     // by position, with Force: of the drop once it runs
	held     []atomic.Pointer[heldError] // by slot, with holds: set once the node must not be dropped
	places   []int32                     // with Limit: the positions whose drops run; protected by the run's mu
	heldTo   int32                       // every guard before this slot is held because of an All; protected by the run's mu
	stuck    atomic.Int32                // how many drops were abandoned
	stacks   stacks                      // of the goroutines of abandoned drops

	broken atomic.Pointer[fault.PanicError] // the first panic of an observer; not with a Container
}

// release is the end of the dependent of a node that ended last.
type release struct {
	at time.Duration // since the run began
	by *Node
}

// prepare makes what the options ask for, and nothing else: the usual run of a few nodes
// with no option needs no extra. It runs before the first worker starts. Storing ready
// publishes the options to [Graph.Holds] and [Graph.Places], which may be called at any
// time.
func (r *run) prepare(ctx context.Context) {
	if r.ready.Load() {
		return // BeginTeardown has prepared the run
	}
	defer r.ready.Store(true)
	n := len(r.nodes)
	r.ctx = ctx
	if r.Cause == nil {
		r.Cause = timeoutError
	}
	// The deadline is a time of the clock and the reserve a part of what is left until
	// then. A run that begins after its deadline has the reserve and nothing else.
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
	// The order of the queue is known before the run begins, for every schedule: Holds
	// reads it.
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
