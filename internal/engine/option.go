package engine

import (
	"time"

	"github.com/ebb-go/ebb/internal/fault"
)

// Options is what a run is asked for. The zero value is the default of
// everything. It is one value and no list of functions: a scope sets most of it for
// every teardown, and should not pay for closures.
type Options struct {
	// Schedule says when a node may be dropped. An invalid one counts as Waves.
	Schedule Schedule

	// Failures leaves outcomes that are ok out of the results, so that drops which
	// go well cost nothing there.
	Failures bool

	// Limit bounds how many drops run at a time. Abandoned drops do not count. 0
	// is no limit.
	Limit int

	// Timeout bounds each drop whose node has no limit of its own: after it the
	// drop's context is canceled, and [budget.Tail] later the drop is abandoned. 0
	// is no limit.
	Timeout time.Duration

	// Deadline is when the whole run has to be over, the tail after Timeout
	// included; the zero time is none. Of Reserve, the part of the time until then
	// that is kept for what has not started, a drop leaves an equal share to each
	// wave that comes after its own. Where drops queue, in a line or under Limit,
	// it leaves a share to each node that has not started. Of this and a drop's
	// own limit the shorter one counts. A Deadline that has passed when the run
	// begins is taken to be Reserve later than that.
	Deadline time.Time
	Reserve  time.Duration

	// Slow asks for one DropSlow event for every drop that runs longer. It means
	// nothing without Observe or Notice.
	Slow time.Duration

	// Force ends the run when it is closed: the contexts of the running drops are
	// canceled with [ErrForced] and these drops are abandoned at once, and what has
	// not started is skipped with [ErrForced].
	Force <-chan struct{}

	// Cause returns what a drop's context is canceled with when its time is up. It
	// is called before the drop of n starts, with the time that the drop has, and
	// must not return nil. The default makes a [*TimeoutError].
	Cause func(n *Node, limit time.Duration) error

	// Observe is called for every event, concurrently, and the time that it takes
	// is part of the run. If it panics or calls runtime.Goexit, the run goes on,
	// and once it is complete the method that began it panics with a
	// *fault.PanicError, unless Notice is a [Container].
	Observe func(Event)

	// Notice is called for DropSlow and DropLate only, and means nothing beside
	// Observe. Drops that are neither slow nor late do not pay for it.
	Notice Noticer

	// Here lets the caller's goroutine run the drops where no two can run at once
	// and nothing can abandon one; see [run.here]. A drop that calls
	// runtime.Goexit then ends the caller's goroutine too, once the run is over.
	Here bool
}

// A Noticer is an observer of slow and late drops. It is an interface so that a
// caller for whom an allocation counts needs no closure. Notice may block without
// holding up the run: DropSlow has a goroutine of its own, and DropLate is called
// on the goroutine of the drop.
type Noticer interface{ Notice(e Event) }

// A Container is a Noticer that takes the panics of observers: Contain is called
// with what Observe, or its own Notice, has panicked with, and with a Goexit as
// [fault.ErrGoexit]; the run then ends as if the observer had returned. Contain must
// neither block nor panic, and is called concurrently.
type Container interface {
	Noticer
	Contain(p *fault.PanicError)
}

// A NoticeFunc is a function as a [Noticer].
type NoticeFunc func(Event)

// Notice calls f.
func (f NoticeFunc) Notice(e Event) { f(e) }
