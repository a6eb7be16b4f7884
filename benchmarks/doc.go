// Package benchmarks measures ebb beside what people would use instead, on equal
// duties and in one run.
//
// # Peers
//
// There is one file for each: ebb.go, defers.go, errgroup.go, conc.go, fx.go,
// do.go, run.go and naive.go. A [Peer] builds a service and gives it up, and, if
// anybody would use it for that, does a request. All are held to the same duties,
// by TestTeardownDuties and TestRequestDuties:
//
//   - Nothing is dropped before all that use it have ended, and everything is
//     dropped exactly once, on a context that is not canceled.
//   - Every drop is attempted, whatever the others return, and no error is lost.
//   - A drop that panics keeps no other from being attempted. (fx and do cannot
//     be made to; a panic ends the program there.)
//   - Tasks have ended before anything is dropped, and the first that fails
//     cancels the others.
//
// ebb does more than these, and the peers are not made to: edges that are found
// out by use, limits and deadlines, a Goexit that is contained, a warning of what
// is slow, outcomes with times for every guard, the refusal of what is registered
// too late.
//
// # Method
//
// A benchmark has sides, which are measured in turns: a slice of the first, one of
// the second and so on, every other time in reverse order, twenty times; see
// compare. What else the machine does in the meantime meets all of them, so that
// the ratio of two sides of one run says more than their times do. The heap is
// collected before each slice. Every number is the mean over all slices of its
// side, printed in the format of package testing: benchstat reads it.
//
// make bench runs the lot in ten processes and keeps the text as it is in
// results/. Every figure of the README is made of that by the program in report:
// the ratio of two sides in each of the runs, then the median of these, with the
// smallest and the largest beside it.
//
// The operations:
//
//   - Empty: a scope that owns nothing, against context.WithCancelCause and its
//     cancel.
//   - Request, Nested: values that open and drop at once, tasks that do nothing.
//     So it is the libraries that are measured, and no work that would hide them.
//   - Flat: a teardown of guards that do nothing. Building the service is left
//     out on both sides; planning the order is part of ebb's teardown, while the
//     waves of the errgroup side are made beforehand.
//   - Blocking: every drop sleeps 10 ms. Peak: every drop blocks until all are in
//     theirs, and then the heap, after a collection, and the stacks are read.
//   - DAG: 200 random services of 12 to 24 guards, with drops of 1 to 20 ms of real
//     sleep. x-bound is against the least time that the schedule can take with drops
//     that take as long as they did; x-asked, with drops that take as long as their
//     sleep was asked to, which no program that idles keeps to.
//   - Plan: 5 edges a guard, against gonum's topological sort of the same graph,
//     which is built beforehand on both sides.
//   - Children: a million children opened and closed under one scope.
//   - Tracing: a request with the SDK's batch processor and an exporter that
//     discards, without any provider, and the same spans made by hand; and what
//     ebb asks of its tracing when there is none.
//   - HTTP: 16 kept connections on loopback to one server in this process. The
//     client is in the same process too and takes its share of the processors: the
//     difference between the sides is diluted by it.
//
// # What is not measured
//
// Start-up, and the building of a service: it is not where the libraries compete.
// Real resources: a drop that closes a connection takes longer than all of this.
// More than the processors that the machine has, which the raw text says. Windows
// and macOS. Tail latencies other than those of HTTP.
package benchmarks
