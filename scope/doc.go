// Package scope runs code that must start, run and stop in order.
//
// # Definition
//
// A scope owns tasks, daemons, child scopes and guards. A task is a function
// that the scope runs and waits for. A daemon is one that runs until its turn in
// the teardown. A child is a scope inside another's life. A guard is a value
// with a drop, the function that gives it up. Guards, daemons and children are
// nodes of a graph: "api depends on db" means that api uses db, so api is
// dropped first. A scope is what Trio calls a nursery, with the resources in it.
//
// A scope moves only down this list:
//
//   - open: it accepts everything; left when its body has returned, panicked or
//     called [runtime.Goexit].
//   - draining: its tasks end, and may start tasks and acquire; left when the
//     last task and the last lexical child have ended.
//   - dropping: registration is refused; daemons, children and guards are
//     dropped, dependents first.
//   - closed: terminal.
//
// # Usage
//
// [Run] opens a scope around a function, its body, and returns when all that
// the scope owns has ended:
//
//	err := scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
//		db, err := scope.Acquire(ctx, s, "postgres", openDB, guard.Close)
//		if err != nil {
//			return err // what was acquired so far is dropped
//		}
//		cache, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
//			return NewCache(db.Use(ctx)) // using db here records the edge cache -> db
//		}, guard.Close)
//		if err != nil {
//			return err
//		}
//		s.Go("warm-up", warm(cache))
//		return serve(ctx, cache.Value())
//	}, scope.WithName("orders"), scope.WithGrace(20*time.Second))
//
// [Main] is Run for the main function of a program: it turns signals into an orderly
// exit, bounds the body after one, and returns an exit code. [Open] is for code that
// is given a function to start and one to stop. [Acquire], [Register], [Defer] and
// [Lazy] make guards, [Scope.Daemon], [Start] and [Serve] daemons, [Scope.Child]
// children, [Scope.Go], [Scope.Submit] and [Async] tasks.
//
// # Promises
//
// Lifetime:
//
//   - Run returns only when everything that it started has ended or was
//     abandoned. This holds when the body returns, fails, panics or calls Goexit.
//   - What is abandoned is named in the error, in the report and in the span.
//   - A Run in the context of a body, task, daemon or drop function is a lexical
//     child of it: the function does not count as ended while the child lives,
//     on whatever goroutine that is.
//   - Run in the context of a function that has ended returns [ErrClosed] and
//     does not call its body.
//   - A scope that is dropping or closed refuses what comes too late with
//     ErrClosed. A value that was handed over is dropped at once, and that
//     drop's error stands beside ErrClosed. An open function is not called.
//   - An acquire that finishes while its scope is being canceled is registered
//     and dropped.
//   - When the scope's span has ended, telemetry is shut down, the report is
//     delivered, and Run returns, in this order.
//
// Canceling:
//
//   - The context of a scope is canceled with the first cause: the error of
//     the body, the [*TaskError] of a task or daemon, that of [Scope.Cancel], or
//     that of the caller's context.
//   - A context never changes its mind: the end and the cause that one reader has
//     seen, all see from then on.
//   - Tasks, lexical children and child scopes are canceled with it. Daemons
//     and guards wait for their turn.
//   - A scope that was canceled or asked to stop refuses new tasks with that
//     cause; daemons, children and guards it takes until it is dropping.
//   - Without cancellation tasks run to their end.
//   - [Scope.Stop] closes [Stopping] in the scope, in what is nested and in its
//     children, and leaves contexts alive; when the grace has run out but for
//     the reserve, the scope is canceled with Stop's cause.
//   - A child is canceled when its turn in the teardown of its parent comes. That
//     counts as a cancellation, for [ExitOf] and the error, only if it has cut a task
//     short. [Scope.Close] lets the tasks of a child run to their end.
//   - A child with [Graceful] is neither canceled nor asked to stop with its parent.
//     When its turn comes it is asked, and it is canceled when three quarters of its
//     time are up.
//   - A daemon's context is canceled when its turn comes; with [Graceful] its
//     Stopping closes then, and its context is canceled when three quarters of its
//     time are up.
//
// Order:
//
//   - No drop begins before all that depends on it has ended or was abandoned.
//   - Every guard that was not released is dropped once, except behind a guard with
//     [Hold] that was abandoned.
//   - Wave 0 is what nothing depends on; any other wave is one more than the
//     largest among the dependents. The same input gives the same waves.
//   - [Waves] starts a wave when the one before has ended. [Eager] drops a guard
//     as soon as its last dependent has ended. [Sequential] drops one at a time,
//     and where the edges leave a choice the newest.
//   - A guard depends on what [DependsOn] names, on what its open function uses
//     or acquires through its context, and on what [Scope.Depend] says.
//   - A daemon or child depends on every guard that its scope held when it was
//     started, unless DependsOn narrows that, on what [AlsoDependsOn] names, and on
//     what it uses or acquires through its context. One that has ended by itself
//     leaves the graph; if it failed, its error keeps its place.
//   - An edge that would close a cycle is refused with a [*CycleError] that
//     holds the path.
//   - Names are unique in a scope: a taken one gets #2, #3 and so on, and is free
//     again once its node is gone.
//
// Faults:
//
//   - Every drop is attempted, whatever becomes of the others, except behind a
//     guard with [Hold] that was abandoned.
//   - Every node ends in exactly one outcome: ok, error, panic, goexit, timeout,
//     abandoned or skipped.
//   - A panic of the body goes on with its own value when the teardown is
//     complete, and so does its Goexit.
//   - For a panic of a task or daemon Run panics with a [*PanicError], which has
//     the value, the stack, and in Others what else failed; a crash that prints it
//     names the scope and the task and shows that stack. With [WithPanicAsError]
//     it is returned.
//   - A panic with [net/http.ErrAbortHandler] is passed on untouched, with
//     WithPanicAsError too.
//   - What an error is was decided by how it came about: one that a function
//     returned is an error of that function, whatever it is or wraps.
//   - A panic of a drop is contained, and so is its Goexit; but where the drops of a
//     nested Run run one after another, a Goexit goes on when the teardown is complete.
//   - A panic or Goexit of an open function is the caller's, and nothing is
//     registered.
//   - No error is lost. Run returns, in one flat list, that of the body, those
//     of tasks by start, those of daemons and drops by wave and registration, or
//     with Sequential in the order in which they ran.
//   - An error that only repeats the cause of the cancellation is left out.
//   - Run returns nil only if every drop has seen [Succeeded] and returned nil. If
//     the scope was canceled and nothing failed, Run returns the cause, also when
//     its body has returned nil.
//   - [ExitOf] reports to a drop function how the scope ended.
//
// Budgets:
//
//   - [WithGrace] bounds draining and teardown together, from the moment that the
//     scope is canceled or asked to stop or, with neither, its teardown begins.
//     Once the body has returned, Run returns when it has run out at the latest.
//   - A quarter of the grace is reserved, in equal parts, for waves that have
//     not started. A body that returns when the grace has run out leaves the
//     reserve for the waves. With nothing to drop, tasks have all of the grace.
//   - The context of a drop is canceled with a [*DropTimeoutError] when its
//     time is up; it has a tenth of that, at most a second, to return, and is
//     then abandoned.
//   - A drop that overran and returns nil before it is abandoned was ok; one that
//     returns an error has outcome timeout, and so has a daemon or child that does
//     when its time is up, whatever the error is.
//   - After an abandoned drop the teardown goes on.
//   - A drop that takes longer than the slow threshold is logged, once.
//
// Early and never:
//
//   - [Handle.Drop] drops now, and its error is the caller's; Run does not
//     repeat it. Overlapping calls get the error of the one run, later ones nil.
//   - A guard with live dependents is not given up: an [*InUseError] names them.
//   - [Handle.DropTree] drops the dependents first, in waves.
//   - [Handle.Release] hands the value out, un-dropped.
//   - [Handle.MoveTo] changes the owner; at every instant exactly one scope owns
//     the guard.
//   - A wait for oneself, around whatever corner, is [ErrReentrant] at once: of a
//     drop for itself, of two drops for each other, of a task of a child for what the
//     child depends on, of tasks for each other, of a borrower for the drop of what it
//     borrows. Lazies that open each other are a [*CycleError]. A wait for a drop that
//     becomes one later, since the teardown or a drop limit puts that drop after the
//     function that waits, is refused then; the drop is the teardown's.
//   - What depends on a guard of an outer scope keeps it in use while it lives,
//     wherever the Run is nested.
//   - What an open function that fails has acquired or started is dropped before its
//     error is returned.
//
// Slots:
//
//   - What uses a value of a [Slot] or of [Slots] depends on the slot.
//   - A value is dropped when its last user has ended: a task, daemon or Run that used
//     it, a guard that used it while it was opened, or a Borrow.
//   - A [Slot.Replace] whose open function fails keeps the old value.
//   - What is acquired or started on the scope of a value is dropped with the value,
//     after it.
//   - What was dropped is in reports and snapshots: all that went wrong, within a bound,
//     the newest, and a count.
//
// # Less formally
//
// Acquire things where you open them, use them through the context where you
// build on them, and the order of their end follows. Start what serves as a
// daemon and what computes as a task. Wrap a request in a Run: it belongs to the
// server that is a daemon, so it may finish when the service stops, and what it
// uses is still there.
//
// # Duties of drop functions
//
// A drop function returns when its context ends, or soon after; one that cannot
// is abandoned at the end of its budget, and keeps its goroutine. It does not
// use what it did not depend on. It may open scopes of its own. It returns its
// error rather than logging it. Package guard has drop functions for the shapes
// that values already have, and package guardtest checks these duties.
//
// # What is recorded
//
// With a tracer provider, from an option, the context or the global one: a span
// for the scope, for every acquire, for the teardown, each wave and each drop;
// with [WithTaskSpans] for every task. With a meter provider: durations of
// teardowns and drops, and what is alive. With [WithReport]: the whole teardown
// as a value that draws itself. With [WithInspector]: a live page. Without any of
// them nothing is recorded and nothing is paid. The log has slow drops,
// slow drains, late results of what was abandoned, tasks that Go refused, telemetry
// that is held as a guard, and foreign code that panicked.
//
// # Testing
//
// Time, grace and order are exact in the virtual time of [testing/synctest];
// package scopetest has guards that a test finishes by hand.
package scope
