// Package trace holds what there is to see of a scope, as values that draw
// themselves: the report of a teardown, the plan of one, a snapshot of a scope
// that lives, and a page that shows the scopes of a program.
//
// Package scope makes these values. A program receives them from its options and
// methods, and calls this package to write them out.
//
// # The report and the plan
//
// A [Report] says what a teardown did: each drop with its wave, its times and
// how it ended, and from that the critical path, and the slack of what is not
// on it. A [Plan] says beforehand what a teardown would do, and [Plan.Diff]
// compares the two. A [Drain] says what came before the waves: why the scope
// ended, and what became of its tasks and nested runs. A [Snapshot] is a scope
// at one instant, with what its exit waits for. All are written as text, JSON
// and pictures.
//
// # The page
//
// An [Inspector] is an http.Handler in the manner of net/http/pprof, with the
// live tree of scopes and the waterfalls of the last teardowns.
//
// # Spans and metrics
//
// A scope records itself through the OpenTelemetry API. The program decides
// which SDK there is and where it sends. The tracer and the meter are named
// [ScopeName], and these are the spans:
//
//	scope NAME           child of the caller's span
//	├─ acquire GUARD     while a guard is opened
//	├─ task NAME         only if asked for
//	├─ drop GUARD        a drop before the exit
//	└─ teardown NAME     with the cause, what was drained, and the critical path
//	   ├─ wave 0
//	   │  └─ drop GUARD  with wave, outcome, what it waited for and how long
//	   └─ wave 1         begins a microsecond after the end of wave 0
//	      └─ drop GUARD
//
// Where the schedule has no waves, the drops are children of the teardown. A
// [SpanMode] changes where the scope's span lies. These are the metrics:
//
//	ebb.teardown.duration  histogram, s
//	ebb.drop.duration      histogram, s, by outcome
//	ebb.drops              counter, by outcome
//	ebb.guard.leaks        counter, by type; see scope.CountLeaks
//	ebb.guards.live        up-down counter
//	ebb.scopes.live        up-down counter
//
// What failed carries error.type and, on spans, the status Error with the
// error's text. A drop and its teardown are marked, a wave never is, and a
// scope only if its body or a task failed. Spans have no events.
//
// The provider is the option's, else that of a recording span in the context,
// else the global one if it has been set. Where there is none, recording costs a
// comparison with nil.
//
// A teardown of thousands does not flood the exporter, which would lose the
// parents of what it kept: beyond a thousand drops only those that failed or
// took a millisecond have spans, and beyond 1,500 only those that failed. The
// others are counted in ebb.wave.collapsed.
package trace
