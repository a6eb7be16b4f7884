package scope

import "context"

// Attach returns a context for code that a library calls with a context of its
// own, such as the handler of a gRPC call or the callback of a broker: it has the
// values of ctx and, where ctx has none, those of owner; it ends with either; and a
// [Run] in it is a lexical child of what owner belongs to, whatever ctx may belong to,
// so that the drop of that waits for it. owner is the context of a task, a daemon, a
// body or a child. The cause is that of the one that has ended first. The caller calls
// cancel when the call is over; that frees what the context holds.
func Attach(ctx, owner context.Context) (context.Context, context.CancelFunc) {
	base, free := owner, context.CancelFunc(func() {})
	if deadline, ok := ctx.Deadline(); ok {
		base, free = context.WithDeadline(owner, deadline)
	}
	derived, cancel := context.WithCancelCause(base)
	unwatch := context.AfterFunc(ctx, func() {
		if ctx.Err() == context.DeadlineExceeded {
			<-derived.Done() // which has the same deadline
			return
		}
		cancel(context.Cause(ctx))
	})
	if ctx.Err() != nil && ctx.Err() != context.DeadlineExceeded {
		cancel(context.Cause(ctx)) // not only soon
	}
	return &attached{derived, context.WithoutCancel(ctx)}, func() {
		unwatch()
		cancel(context.Canceled)
		free()
	}
}

// attached is a context with the values of another, in front of its own. Those of
// package context are its own: a context without cancellation has none of them.
type attached struct {
	context.Context
	values context.Context
}

// Value answers for the owner first.
func (a *attached) Value(key any) any {
	if _, ok := key.(frameKey); !ok {
		if v := a.values.Value(key); v != nil {
			return v
		}
	}
	return a.Context.Value(key)
}
