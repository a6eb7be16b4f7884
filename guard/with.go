package guard

import (
	"context"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/life"
)

// With calls fn with g's value, drops g, and returns fn's result, with fn's error
// and the drop's as one flat list in this order. It drops when fn returns, when it
// panics and when it calls [runtime.Goexit], on a context that has ctx's values but
// not its end. A panic goes on with its own value and stack; the drop's error is
// then in g's Err. If g is gone, fn is not called, and With returns the error of
// g's Get.
func With[T, R any](ctx context.Context, g *Guard[T], fn func(ctx context.Context, v T) (R, error)) (r R, err error) {
	v, err := g.Get()
	if err != nil {
		return r, err
	}
	in := g.in()
	site := in.Origin.Caller(1)
	drop := func() error { return in.Drop(context.WithoutCancel(ctx), life.Live, site) }
	returned := false
	defer func() {
		if !returned {
			apart(drop)
			return
		}
		err = multierr.Append(err, drop())
	}()
	r, err = fn(ctx, v)
	returned = true
	return r, err
}

// apart calls drop on a goroutine of its own and waits for it, and leaves its
// outcome to the guard's Err: on the caller's goroutine a Goexit of the drop would
// end a panic that is under way there.
func apart(drop func() error) { concurrently(1, 0, func(int) error { return drop() }) }

// KeepOnSuccess drops g if the function that defers it fails: if *err is not nil
// when it returns, or if it panics. The drop runs on a context that has ctx's
// values but not its end, and its error is added to *err. A panic goes on with its
// own value and stack; the drop's error is then in g's Err. KeepOnSuccess must be
// deferred directly, not from inside another deferred function:
//
//	func open(ctx context.Context) (_ *guard.Guard[*DB], err error) {
//		db := guard.New(connect(), guard.Close)
//		defer guard.KeepOnSuccess(ctx, db, &err)
//		return db, migrate(ctx, db.Value())
//	}
//
// It cannot see a [runtime.Goexit] while *err is nil.
func KeepOnSuccess[T any](ctx context.Context, g *Guard[T], err *error) {
	// Only recover distinguishes a panic from a return. Panicking again with the same
	// value, before this function returns, keeps the stack: the frames of the
	// first panic are still there and are printed.
	if p := recover(); p != nil {
		apart(func() error { return g.Drop(context.WithoutCancel(ctx)) })
		panic(p)
	}
	if *err != nil {
		*err = multierr.Append(*err, g.Drop(context.WithoutCancel(ctx)))
	}
}
