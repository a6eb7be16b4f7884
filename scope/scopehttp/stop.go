package scopehttp

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/scope"
)

// newConnTime is how long a connection that has sent nothing may hold up the stop of
// a server. Its first request is on the way, or it was opened in advance, as browsers
// do.
const newConnTime = time.Second

// CutError is the error of a server that had to cut off what did not end in its time.
type CutError struct {
	Requests int // that ran when handlers were canceled
	Conns    int // that were closed afterwards, hijacked ones included
}

// Error names the counts.
func (e *CutError) Error() string {
	return fmt.Sprintf("http server cut off %d requests and %d connections at its deadline", e.Requests, e.Conns)
}

// ErrorType is "timeout".
func (e *CutError) ErrorType() string { return "timeout" }

// stage is how far the stop of a server has come.
type stage uint8

const (
	serving  stage = iota // until the daemon is asked to stop
	leaving               // it is going to stop, and every request is the last of its connection
	refusing              // no connection is accepted, and those that are open serve their last request
	ending                // Shutdown is called; terminal
)

// server is what a daemon knows of its connections and handlers.
//
// It is stopped by [http.Server.Shutdown]: net/http decides to drop what it reads
// after that before it looks which connections are idle, and in the same order, for
// each connection, reports it active before it looks whether to drop. So a handler
// that is called belongs to a connection that Shutdown has found active and leaves
// open. (Closing idle connections first, as SetKeepAlivesEnabled does, loses the
// answers of requests that are being read.) The one thing that Shutdown is not asked
// for is to wait, since it polls, and does not wait for hijacked connections: it is
// called with a context that is over, and the server waits for what net/http reports.
type server struct {
	srv       *http.Server
	scope     *scope.Scope
	name      string
	duck      lameDuck
	listener  listener        // set before the first connection
	accepting group.Tasks     // the one call of Serve
	up        chan struct{}   // closed when that accepts
	accepted  chan struct{}   // closed when that has ended
	over      <-chan struct{} // closed when handlers are canceled

	mu       sync.Mutex         // protects the following
	stage    stage              // moves on only
	peers    map[net.Conn]*peer // open connections; a hijacked one no longer counts
	fresh    int                // peers that are new
	handlers int                // that run, those of hijacked connections too
	late     int                // handlers that have ended after over
	hijacked hijacked           // not owned
	closed   bool               // no handler begins, and hijacked connections are closed at once; terminal
	waiting  *wait              // of stop, for a change of the above
}

// wait is for a condition that holds while mu is held.
type wait struct {
	until   func() bool
	reached chan struct{} // closed when it holds, once
}

// settleLocked is called after each change that a wait may be for.
func (v *server) settleLocked() {
	if v.waiting != nil && v.waiting.until() {
		close(v.waiting.reached)
		v.waiting = nil
	}
}

// when returns a channel that closes when until holds, which is called with mu held.
// It replaces the wait before.
func (v *server) when(until func() bool) <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	reached := make(chan struct{})
	v.waiting = &wait{until, reached}
	v.settleLocked()
	return reached
}

// stop ends the server, in the time that ctx gives.
func (v *server) stop(ctx context.Context) error {
	began := time.Now()
	limit := ctx.Done() // of waits that could hang
	if ctx.Err() != nil {
		limit = nil // the server has hardly started, and there is nothing to hang on
	}
	err := v.refuseNew(ctx, limit)
	v.shutdown(limit)
	quiet := v.when(func() bool { return len(v.peers) == 0 && v.handlers == 0 })
	select {
	case <-quiet:
	case <-ctx.Done(): // and so is every handler's context
		// This is when three quarters of the time are up. Three quarters of the rest
		// are the handlers', to answer; the last is for those that end only when
		// their connection is closed.
		left := time.NewTimer(time.Since(began) / 4)
		defer left.Stop()
		select {
		case <-quiet:
		case <-left.C:
		}
	}
	v.mu.Lock()
	cut := CutError{Requests: v.late + v.handlers}
	v.mu.Unlock()
	cut.Conns = v.refuseAll(func(*peer) bool { return true })
	if n := v.closeHijacked(); ctx.Err() != nil {
		cut.Conns += n
	}
	<-v.accepted // a listener that hangs holds up this, and nothing before it
	if cut != (CutError{}) {
		err = multierr.Append(err, &cut)
	}
	return err
}

// refuseNew closes the listener and gives the connections that have sent nothing a
// moment to do so. It returns an error if the listener panics or hangs. What its Close
// returns is no error: it is as closed as it can be.
func (v *server) refuseNew(ctx context.Context, limit <-chan struct{}) error {
	v.mu.Lock()
	v.stage = refusing
	v.mu.Unlock()
	err := fault.Foreign(limit, func() { _ = v.listener.Close() })
	select {
	case <-v.accepted: // now every connection is counted
	case <-limit:
		return err
	}
	timer := time.NewTimer(newConnTime)
	defer timer.Stop()
	select {
	case <-v.when(func() bool { return v.fresh == 0 }):
	case <-timer.C:
	case <-ctx.Done():
	}
	return err
}

// shutdown lets net/http begin no further request, close what is idle, and tell
// connections of HTTP/2 to go away. A Shutdown that panics or hangs, by the Close of a
// connection, has done the first of these.
func (v *server) shutdown(limit <-chan struct{}) {
	select {
	case <-v.accepted:
	default:
		return // Shutdown would wait for it
	}
	v.mu.Lock()
	v.stage = ending
	v.mu.Unlock()
	over, cancel := context.WithCancel(context.Background())
	cancel()
	_ = fault.Foreign(limit, func() { _ = v.srv.Shutdown(over) })
	v.refuseAll((*peer).silent)
}

// logf logs where net/http does.
func (v *server) logf(format string, args ...any) {
	if l := v.srv.ErrorLog; l != nil {
		l.Printf(format, args...)
		return
	}
	log.Printf(format, args...)
}
