// Package trace shows what a scope does: as spans and metrics while it runs, as
// a report when its teardown has ended, and on a live page in between.
//
// It is told names, numbers and errors, and knows no guard and no graph.
// Package scope tells it; programs meet the types that hold what there is to
// see, and seldom call anything here but to write it out.
//
// # The report and the plan
//
// A [Report] says what a teardown did: each drop with its wave, its times and
// how it ended, and from that the critical path, and the slack of what is not
// on it. A [Plan] says beforehand what one would do, and [Plan.Diff] compares
// the two. Before the waves comes the [Drain]: why the scope ended, and what
// became of its tasks and nested runs. A [Snapshot] is a scope at one instant, with what its exit waits for.
// All are written as text, JSON and pictures.
//
// # The page
//
// An [Inspector] is an http.Handler in the manner of net/http/pprof, with the
// live tree of scopes and the waterfalls of the last teardowns.
//
// # Spans and metrics
//
// A [Recorder] records one scope through the OpenTelemetry API; which SDK there
// is, and where it sends, is the program's affair. These are its spans:
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
// [SpanMode] changes where the scope's span lies. And these are its metrics:
//
//	ebb.teardown.duration  histogram, s
//	ebb.drop.duration      histogram, s, by outcome
//	ebb.drops              counter, by outcome
//	ebb.guard.leaks        counter, by type; see [LeakCounter]
//	ebb.guards.live        up-down counter
//	ebb.scopes.live        up-down counter
//
// What failed carries error.type and, on spans, the status Error with the
// error's text: a drop and its teardown do, a wave never does, and a scope only
// if its body or a task failed. Spans have no events.
//
// # What it costs
//
// The provider is the option's, else that of a recording span in the context,
// else the global one if it has been set. Where there is none, [Start] returns a
// nil *Recorder, and recording costs a comparison with nil.
//
// A teardown of thousands does not flood the exporter, which would lose the
// parents of what it kept: beyond a thousand drops only those that failed or
// took a millisecond have spans, and beyond 1,500 those that failed. The others
// are counted in ebb.wave.collapsed.
//
// # What it relies on
//
// Of Jaeger, which reads microseconds: its critical path goes from a span to the
// sibling that ended before it began, so the spans of waves, and of drops that
// waited for one another, are set apart by one. And of the program: a span that
// ends after its provider was shut down is lost, so the provider is to outlive
// the scope, which package scope's WithTelemetry takes care of.
package trace
