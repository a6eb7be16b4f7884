package guard

import (
	"context"
	"io"
	"io/fs"
	"net"

	"github.com/ebb-go/ebb/internal/fault"
	"go.uber.org/multierr"
)

// Close is the drop function of an [io.Closer]. Close methods take no context, so
// it blocks as long as v's does. An error that says no more than [net.ErrClosed] or
// [fs.ErrClosed] counts as nil: v is a listener, say, that its server has closed.
// Pass Close uninstantiated:
//
//	guard.New(f, guard.Close)
func Close[T io.Closer](ctx context.Context, v T) error {
	err := v.Close()
	if err != nil && alreadyClosed(err) {
		return nil
	}
	return err
}

// alreadyClosed reports whether every error that err comes from is one of the two:
// one that joins a further error says more.
func alreadyClosed(err error) bool {
	for end := range fault.Ends(err) {
		if !fault.Is(end, net.ErrClosed) && !fault.Is(end, fs.ErrClosed) {
			return false
		}
	}
	return true
}

// Shutdown is the drop function of a server that stops gracefully: it calls
// v.Shutdown(ctx). If ctx ends before that has succeeded and v has a Close
// method, as [net/http.Server] has, v is closed when Shutdown has returned, and the
// error of Close is added as [Close] returns it.
func Shutdown[T interface{ Shutdown(context.Context) error }](ctx context.Context, v T) error {
	err := v.Shutdown(ctx)
	if err == nil || ctx.Err() == nil {
		return err
	}
	switch c := any(v).(type) {
	case io.Closer:
		return multierr.Append(err, Close(ctx, c))
	case interface{ Close() }:
		c.Close()
	}
	return err
}

// Stop is the drop function of a value with a Stop method that cannot fail, such
// as a [time.Ticker].
func Stop[T interface{ Stop() }](ctx context.Context, v T) error {
	v.Stop()
	return nil
}

// Func makes a drop function of a clean-up that neither blocks nor fails. It
// panics if f is nil.
func Func[T any](f func(T)) func(context.Context, T) error {
	if f == nil {
		panic("guard: nil drop function")
	}
	return func(_ context.Context, v T) error {
		f(v)
		return nil
	}
}

// Nothing is the drop function of a value that needs none, but takes part in
// the order of a teardown.
func Nothing[T any](ctx context.Context, v T) error { return nil }
