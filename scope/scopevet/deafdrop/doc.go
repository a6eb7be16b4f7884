// Package deafdrop defines an analyzer that reports drop functions which do not
// listen to their context.
//
// # Analyzer deafdrop
//
// deafdrop: report a drop function that ignores its context while it waits
//
// The context of a drop function ends when its time is up. A drop function that
// goes on waiting is abandoned: it is reported as such, keeps its goroutine, and
// what it waits for may never come.
//
// The check reports, in a drop function of Acquire, Lazy, Defer, guard.New and the
// like, in the shutdown function of Serve and in a method Drop(ctx) error, a select
// statement without a default that has no case for the context, and a loop that may
// go on for ever, or that waits, without looking at the context:
//
//	func(ctx context.Context, q *Queue) error {
//		for !q.Empty() { // want a case <-ctx.Done()
//			time.Sleep(10 * time.Millisecond)
//		}
//		return q.Close()
//	}
//
// A function that hands its context to context.AfterFunc or to a goroutine, or sets a
// deadline from it, counts as one that listens. A single receive, such as <-q.done,
// is not reported.
package deafdrop
