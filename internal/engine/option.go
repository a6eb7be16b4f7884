package engine

import (
	"time"

	"github.com/ebb-go/ebb/internal/fault"
)

// An Option changes how [Graph.Teardown], [Graph.Drop] and [Graph.DropTree]
// run. Of two that say the same thing the later one counts.
type Option interface{ apply(*Options) }

type option func(*Options)

func (o option) apply(to *Options) { o(to) }

// Options is what a run is asked for, all in one value. The zero value is the
// default of everything; the functions that make an [Option] each set what is
// named like them and say what it means. An Options is an Option itself, that
// replaces all before it; [Graph.TeardownWith] takes one without a detour by the
// heap.
type Options struct {
	Schedule Schedule
	Failures bool // only outcomes that are not ok are returned: all others then cost nothing
	Limit    int
	Timeout  time.Duration
	Deadline time.Time
	Reserve  time.Duration // of the time until Deadline
	Slow     time.Duration
	Force    <-chan struct{}
	Cause    func(n *Node, limit time.Duration) error
	Observe  func(Event)
	Notice   Noticer
	Here     bool // the caller's goroutine may run the drops; see [run.here]
}

func (o Options) apply(to *Options) { *to = o }

// Order sets the schedule. The default is Waves.
func Order(s Schedule) Option { return option(func(o *Options) { o.Schedule = s }) }

// Limit bounds how many drops run at a time; abandoned ones do not count. 0 or
// less, the default, is no limit.
func Limit(n int) Option { return option(func(o *Options) { o.Limit = max(n, 0) }) }

// Timeout bounds each drop whose node has no limit of its own: its context is
// canceled after d, and it is abandoned after a tenth of d more, or a second if
// that is less. 0 or less, the default, is no limit.
func Timeout(d time.Duration) Option { return option(func(o *Options) { o.Timeout = max(d, 0) }) }

// Deadline says when the whole run has to be over, the last tenth of [Timeout]
// included. The part reserve of the time until then is shared out evenly: with K
// waves, a drop of wave k has to be over at end - reserve*(K-1-k)/K. Where drops
// queue ([Sequential], [Limit]), every guard that has not started counts as a
// wave. Of this and a drop's own limit the shorter one counts. When end has
// passed before the run begins, it is taken to be reserve from then.
func Deadline(end time.Time, reserve time.Duration) Option {
	return option(func(o *Options) { o.Deadline, o.Reserve = end, max(reserve, 0) })
}

// Slow asks for one DropSlow event for every drop that runs longer than d. It
// means nothing without [Observe] or [Notice].
func Slow(d time.Duration) Option { return option(func(o *Options) { o.Slow = max(d, 0) }) }

// Force ends a run early: when ch closes, the context of every running drop is
// canceled with [ErrForced] and the drop is abandoned at once; what has not
// started is skipped with [ErrForced].
func Force(ch <-chan struct{}) Option { return option(func(o *Options) { o.Force = ch }) }

// Cause sets what a drop's context is canceled with when its time is up. It is
// called before the drop of n starts, with the time that it has, and must not
// return nil. The default makes a [*TimeoutError].
func Cause(f func(n *Node, limit time.Duration) error) Option {
	return option(func(o *Options) { o.Cause = f })
}

// Observe tells f what happens, as it happens. It is called concurrently, and
// what it takes is part of the run. When it panics or calls runtime.Goexit, the
// run goes on, and once it is complete, the method that began it panics with a
// *fault.PanicError, which scope calls PanicError; but see [Container].
func Observe(f func(Event)) Option { return option(func(o *Options) { o.Observe = f }) }

// Notice tells f of the two things that nobody should miss, DropSlow and DropLate,
// and of nothing else. DropSlow is told on a goroutine of its own, and DropLate on
// that of the drop; so f may block without holding up the run. It is like Observe, but costs drops that are neither
// nothing. Beside Observe, which tells of these too, it means nothing.
func Notice(f func(Event)) Option { return option(func(o *Options) { o.Notice = NoticeFunc(f) }) }

// A Noticer is told what [Notice] says: an interface, so that a caller for whom an
// allocation counts needs no closure.
type Noticer interface{ Notice(e Event) }

// A Container is a Noticer that is also told when the observer, or the Noticer itself,
// panics or calls runtime.Goexit: the run ends as if it had returned, and nothing
// panics. It is asked beside Observe too. Contain must neither block nor panic, and is
// called concurrently.
type Container interface {
	Noticer
	Contain(p *fault.PanicError)
}

// A NoticeFunc is a function as a [Noticer].
type NoticeFunc func(Event)

// Notice calls f.
func (f NoticeFunc) Notice(e Event) { f(e) }
