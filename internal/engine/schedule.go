package engine

import "github.com/ebb-go/ebb/internal/schedule"

// A Schedule says when a node may be dropped; see [schedule.Schedule].
type Schedule = schedule.Schedule

// The schedules.
const (
	Waves      = schedule.Waves
	Eager      = schedule.Eager
	Sequential = schedule.Sequential
)

// A discipline is how a schedule runs drops. It answers three questions; all else
// in a run is the same for every schedule. The queue of a run is cut into
// stretches, of which the drops may run at the same time.
type discipline struct {
	// order returns the queue in full, or nil if it is the positions in their
	// order. It is called once, before the run begins.
	order func(r *run) []int32

	// next says what may start next: it returns the end of the stretch of the
	// queue that begins at start. It is called when all before start has ended,
	// by one worker at a time, the one that ended the last drop.
	next func(r *run, start int32) (end int32)

	// releases reports whether the end of a drop adds to the queue what no longer
	// waits for anything. Then the queue has one stretch, which grows, and next is
	// called only for its beginning.
	releases bool

	// share says what part of the reserve is kept for those that come after the
	// drop at pos, when left of the queue have not been taken: the part after out
	// of all.
	share func(r *run, pos, left int32) (after, all int)
}

// disciplines has a row for every schedule. It is never written.
var disciplines = [...]discipline{
	Waves:      {next: (*run).endOfWave, share: (*run).shareOfWaves},
	Eager:      {order: (*run).roots, next: (*run).endOfWave, releases: true, share: (*run).shareOfWaves},
	Sequential: {order: (*run).oneByOne, next: (*run).one, share: (*run).shareOfNodes},
}

// discipline returns how the run's schedule runs drops.
func (r *run) discipline() *discipline { return &disciplines[r.Schedule] }

// roots is the order for a schedule that releases: the nodes without dependents in
// front, which are the first wave, and after them room for the nodes that the ends of
// drops add. There is room for every node, and each is added once.
func (r *run) roots() []int32 {
	queue := make([]int32, len(r.nodes))
	_, end := r.span(0)
	for i := range end {
		queue[i] = i
	}
	return queue
}

// oneByOne is the order for a schedule that is a line: the line of the plan, which has
// slots, as positions.
func (r *run) oneByOne() []int32 {
	queue := r.line()
	for i, s := range queue {
		queue[i] = r.extra.rank[s]
	}
	return queue
}

// endOfWave is next for positions in their order: a stretch is a wave, since positions
// are ordered by wave first.
func (r *run) endOfWave(start int32) int32 {
	_, end := r.span(r.waveAt(start))
	return end
}

// one is next for one drop at a time.
func (r *run) one(start int32) int32 { return start + 1 }

// shareOfWaves keeps an equal share for every wave that comes after that of pos.
func (r *run) shareOfWaves(pos, _ int32) (after, all int) {
	return r.waveCount() - 1 - r.waveAt(pos), r.waveCount()
}

// shareOfNodes keeps an equal share for every node that has not started.
func (r *run) shareOfNodes(_, left int32) (after, all int) { return int(left), len(r.records) }
