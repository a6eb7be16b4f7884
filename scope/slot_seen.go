package scope

import (
	"slices"
	"sync"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/outcome"
	"github.com/ebb-go/ebb/trace"
)

const (
	maxNewest = 16 // values that are kept because they were dropped last
	maxFailed = 64 // values that are kept because their drop went wrong; the first ones
)

// A seen is what is known of the values that a slot has dropped, in bounded room: a year
// of rotations holds no memory.
type seen struct {
	mu     sync.Mutex // a leaf: protects the following
	total  int
	failed []trace.DroppedValue // at most maxFailed
	newest []trace.DroppedValue // at most maxNewest, the newest last, without those in failed
}

// add keeps what the drop of a value has come to.
func (s *seen) add(v trace.DroppedValue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total++
	if v.Err != nil && len(s.failed) < maxFailed {
		s.failed = append(s.failed, v)
		return
	}
	if len(s.newest) == maxNewest {
		s.newest = slices.Delete(s.newest, 0, 1)
	}
	s.newest = append(s.newest, v)
}

// list returns what is kept, by the end of the drops, and of how many.
func (s *seen) list() (values []trace.DroppedValue, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	values = slices.Concat(s.failed, s.newest)
	slices.SortStableFunc(values, func(a, b trace.DroppedValue) int { return a.Ended.Compare(b.Ended) })
	return values, s.total
}

// noteOutcome is called once for every value that was dropped or given up.
func (v *slotValue) noteOutcome(o engine.Outcome, err error) {
	if v.noted.Swap(true) {
		return
	}
	v.core.seen.add(trace.DroppedValue{Name: v.label, Started: o.Started, Ended: o.Ended, Outcome: o.Outcome.String(), Err: err})
}

// dropped is what the report of the scope has of the values.
func (c *slotCore) dropped() trace.SlotValues {
	values, total := c.seen.list()
	return trace.SlotValues{Slot: c.name(), Dropped: total, Values: values}
}

// valueItems is what the snapshot of the scope has of the values, those that live first.
func (c *slotCore) valueItems(now time.Time) (items []trace.SnapshotItem) {
	in := &c.values
	for _, n := range in.graph.Nodes() {
		if of := nodeOf(n); of.resource.kind() == valueKind {
			if item, ok := in.snapshotItem(of, false); ok {
				items = append(items, item)
			}
		}
	}
	values, total := c.seen.list()
	for _, v := range values {
		state := "dropped"
		if v.Outcome != outcome.OK.String() {
			state = v.Outcome
		}
		items = append(items, trace.SnapshotItem{Kind: valueKind, Name: v.Name, State: state, Age: now.Sub(v.Ended)})
	}
	if more := total - len(values); more > 0 {
		items = append(items, trace.SnapshotItem{Kind: valueKind, Name: c.name(), State: "dropped", Count: more})
	}
	return items
}

// valueKind is the kind of a value of a slot, in snapshots.
const valueKind = "value"
