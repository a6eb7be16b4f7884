package scope

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
)

// errServed is the failure of a server whose serve function returned nil before its
// turn.
const errServed = misuse("stopped serving before its turn")

// Serve runs a server as a daemon of s: for SMTP, gRPC, raw TCP, and whatever has one
// function that serves until another one ends it. For net/http use package scopehttp.
//
// serve is called on a goroutine of its own, and runs until shutdown was called; what
// it returns before that, nil too, is a failure and cancels the scope as that of any
// daemon does. shutdown is called once, when the turn of the daemon comes, or ctx ends
// while Serve is starting it, and maybe before serve has begun. Its context has the
// values of the daemon's; its deadline is when three quarters of the time that the
// drop has are up, and then it is canceled. After shutdown was called,
// [http.ErrServerClosed] and [net.ErrClosed] from serve count as nil, unless joined with
// another error; its other errors, and those of shutdown, are the daemon's. A serve function that does not return is
// abandoned, by name, when the time of the drop is up.
//
// Serve returns when the server has been started, but not necessarily before it
// accepts. Its errors are those of [Start]. What is used or acquired through ctx in an
// open function gets its edge, as with Start.
func Serve(ctx context.Context, s *Scope, name string, serve func() error, shutdown func(ctx context.Context) error,
	opts ...GuardOption,
) (*Daemon, error) {
	if serve == nil || shutdown == nil {
		panic("scope.Serve: nil function")
	}
	_, d, err := Start(ctx, s, name, func(ctx context.Context, ready func(struct{})) error {
		v := &serving{shutdown: shutdown, served: make(chan struct{}), closed: make(chan struct{})}
		engine.Start(endingServe{v, ctx})
		ready(struct{}{})
		return v.run(serve)
	}, append(opts[:len(opts):len(opts)], Graceful())...)
	return d, err
}

// serving is a server that runs. Whether serve returned first or was to end is decided
// once, by decided.
type serving struct {
	shutdown func(ctx context.Context) error
	decided  atomic.Bool
	served   chan struct{} // closed when serve has ended
	closed   chan struct{} // closed when shutdown has ended, or is not going to be called; then err may be read
	err      error         // of shutdown
}

// endingServe is the goroutine that ends a server in its turn. The daemon waits for it.
type endingServe struct {
	v   *serving
	ctx context.Context // of the daemon, which outlives the goroutine
}

func (e endingServe) Run() { e.v.end(e.ctx) }

// run is the daemon's function. A panic and a Goexit of serve are the daemon's.
func (v *serving) run(serve func() error) error {
	defer func() {
		close(v.served)
		<-v.closed
	}()
	err := serve()
	if v.decided.CompareAndSwap(false, true) {
		if err == nil {
			err = errServed
		}
		return err
	}
	<-v.closed
	if endsIn(err, http.ErrServerClosed, net.ErrClosed) { // with another error beside it, it says more
		err = nil
	}
	return multierr.Append(err, v.err)
}

// end calls shutdown when the daemon is asked to stop, unless serve has returned before.
func (v *serving) end(ctx context.Context) {
	defer close(v.closed)
	select {
	case <-v.served:
		return
	case <-Stopping(ctx):
	}
	if !v.decided.CompareAndSwap(false, true) {
		return
	}
	if d, ok := frameOf(ctx).node.resource.(*Daemon); ok && !d.until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, d.until)
		defer cancel()
	}
	var err error
	if failed := fault.Foreign(nil, func() { err = v.shutdown(ctx) }); failed != nil {
		err = failed
	}
	v.err = err
}
