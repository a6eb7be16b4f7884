package guard

import "github.com/ebb-go/ebb/internal/life"

// An Option says how a guard is reported if it is forgotten: [Name], [StackDepth] and
// [CallerSkip].
type Option interface{ option }

// An option is sealed by a method that is not exported.
type option = life.Option

// Name names the guard in leak reports and panics.
func Name(name string) Option { return life.Named(name) }

// StackDepth sets how many frames of the creating goroutine's stack are kept
// for the leak report. The default of 1 is the creation site alone; 0 records
// nothing, and makes the guard cheaper. Each frame costs some 30 ns when it is made.
func StackDepth(n int) Option { return life.Depth(n) }

// CallerSkip takes the creation site n frames above the caller of New, for a function
// that makes guards for its callers. The site and the stack begin there.
func CallerSkip(n int) Option { return life.Skip(n) }

// A Leak is a guard, or a handle of a [Shared], that was garbage-collected
// without having been dropped.
type Leak struct {
	Name  string // as given by the option Name; "" without
	Type  string // of the value, "*sql.DB"; "*guard.Shared[...]" for a handle
	Site  string // where it was made, "file:line"; "" with StackDepth(0)
	Stack string // of the goroutine that made it, with StackDepth(2) and more
}

// OnLeak has report called for every leak that is found from now on, until restore
// is called. With several such functions each is called; without any, a leak is
// logged through [log/slog.Default] at level Error. The calls of one function come
// one after another on a goroutine of their own, so a function that blocks holds up
// its own calls alone. A panic of report or a Goexit is contained, and the first is
// logged. A leak that finds a thousand calls waiting is logged instead.
//
// restore may be called from anywhere, in any order and more than once. It does not
// wait: a call that is under way may still be running when it returns.
//
// The runtime finds a leak when it collects garbage, some time after the guard was
// forgotten, and not at all at the end of the program: OnLeak is the last resort,
// after a scope for the guards that it owns, and guardtest in tests. OnLeak panics
// if report is nil.
func OnLeak(report func(Leak)) (restore func()) {
	if report == nil {
		panic("guard: nil leak function")
	}
	return life.OnLeak(func(l life.Leak) { report(Leak(l)) })
}

// Track remembers every guard and every handle of a [Shared] that is made from
// now on, by any goroutine. The function it returns ends that, and returns those
// that were not dropped, released or given to an owner, in the order in which they
// were made; called again it returns those that are left of them. So a test need
// not wait for the garbage collector; guardtest.Check does this for it. Guards with
// an owner are the owner's to report.
func Track() (stop func() []Leak) {
	stopped := life.Track()
	return func() []Leak {
		left := stopped()
		leaks := make([]Leak, len(left))
		for i, l := range left {
			leaks[i] = Leak(l)
		}
		return leaks
	}
}
