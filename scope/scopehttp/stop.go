package scopehttp

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/scope"
)

// newConnTime is how long a connection that has sent nothing may hold up the stop of
// a server. Its first request is on the way, or it was opened in advance, as browsers
// do.
const newConnTime = time.Second

// CutError is the error of a server that had to cut off at its deadline what did not
// end by itself.
type CutError struct {
	Requests int // that ran at the deadline and were cancelled
	Conns    int // that were closed afterwards, hijacked ones included
}

// Error names the counts.
func (e *CutError) Error() string {
	return fmt.Sprintf("http server cut off %d requests and %d connections at its deadline", e.Requests, e.Conns)
}

// ErrorType is "timeout".
func (e *CutError) ErrorType() string { return "timeout" }

// server is what a daemon knows of its connections and handlers. It waits for them
// itself. [http.Server.Shutdown] polls, so that it can be half a second late, never
// waits for a hijacked connection, and lets a request fall that was read at the
// moment of the call.
type server struct {
	srv       *http.Server
	scope     *scope.Scope
	name      string
	listener  listener        // set before the first connection
	accepting group.Tasks     // the one call of Serve
	over      <-chan struct{} // closed at the deadline

	mu       sync.Mutex            // protects the following
	stopping bool                  // the listener is being closed; terminal
	open     int                   // connections; a hijacked one no longer counts
	fresh    map[net.Conn]struct{} // those that have sent nothing so far
	tls      bool                  // there was a TLS connection
	handlers int                   // that run, those of hijacked connections too
	late     int                   // handlers that have ended after the deadline
	hijacked map[*conn]struct{}    // not closed, and owned by nobody else
	closed   bool                  // hijacked connections are closed at once; terminal
	quiet    chan struct{}         // made by whoever waits for open and handlers to be zero
}

// count hears of every change of a connection's state, on its own goroutine, in
// order: new, then active and idle in turns, then closed or hijacked.
func (v *server) count(c net.Conn, state http.ConnState) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if state != http.StateNew {
		delete(v.fresh, c)
	}
	switch state {
	case http.StateNew:
		v.open++
		if v.fresh == nil {
			v.fresh = make(map[net.Conn]struct{})
		}
		v.fresh[c] = struct{}{}
		if _, ok := c.(*tls.Conn); ok {
			v.tls = true
		}
	case http.StateClosed, http.StateHijacked:
		v.open--
		v.settleLocked()
	}
}

func (v *server) enter() {
	v.mu.Lock()
	v.handlers++
	v.mu.Unlock()
}

func (v *server) leave() {
	v.mu.Lock()
	v.handlers--
	select {
	case <-v.over:
		// It ran at the deadline, and may have ended before stop gets to see
		// that: so it is counted here.
		v.late++
	default:
	}
	v.settleLocked()
	v.mu.Unlock()
}

func (v *server) settleLocked() {
	if v.quiet != nil && v.open == 0 && v.handlers == 0 {
		close(v.quiet)
		v.quiet = nil
	}
}

// whenQuiet returns a channel that closes when there is neither a connection nor a
// handler. Once the listener is closed this stays so.
func (v *server) whenQuiet() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	quiet := make(chan struct{})
	v.quiet = quiet
	v.settleLocked()
	return quiet
}

// stop ends the server, in the time that ctx gives.
func (v *server) stop(ctx context.Context) error {
	began := time.Now()
	v.refuse()
	timer := time.AfterFunc(newConnTime, v.closeFresh)
	defer timer.Stop()
	quiet := v.whenQuiet()
	select {
	case <-quiet:
	case <-ctx.Done(): // and so is every handler's context
		// A scope gives what it has cancelled after d another tenth of d, at
		// most a second. Half of that is the handlers', to say goodbye.
		left := time.NewTimer(min(time.Since(began)/10, time.Second) / 2)
		defer left.Stop()
		select {
		case <-quiet:
		case <-left.C:
		}
	}
	v.mu.Lock()
	cut := CutError{Requests: v.late + v.handlers, Conns: v.open}
	v.mu.Unlock()
	if n := v.closeHijacked(); ctx.Err() != nil {
		cut.Conns += n
	}
	err := v.srv.Close()
	if cut != (CutError{}) {
		err = multierr.Append(err, &cut)
	}
	return err
}

// refuse closes the listener and the idle connections and makes every other one
// close after its request. Every state that a connection takes from there on leads to
// closed: one that becomes idle looks whether it may, after it has said that it is.
//
// Connections of HTTP/2 stay open unless they are told to go away, which only Shutdown
// does, and only before it begins to wait. After it, a connection that has sent nothing
// would not be answered.
func (v *server) refuse() {
	v.mu.Lock()
	v.stopping = true
	secure := v.tls
	v.mu.Unlock()
	// An error would be that of closing the listener, which is as closed as it
	// can be, or that the context is over, as it is meant to be.
	_ = v.listener.Close()
	if p := v.srv.Protocols; secure || p != nil && p.UnencryptedHTTP2() {
		over, cancel := context.WithCancel(context.Background())
		cancel()
		_ = v.srv.Shutdown(over)
		v.closeFresh()
	} else {
		v.srv.SetKeepAlivesEnabled(false)
	}
	_ = v.accepting.Wait() // now every connection is counted; its error is told by run
}

func (v *server) isStopping() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.stopping
}

// closeFresh closes the connections that have sent nothing.
func (v *server) closeFresh() {
	v.mu.Lock()
	fresh := v.fresh
	v.fresh = nil
	v.mu.Unlock()
	for c := range fresh {
		_ = c.Close() // a stranger's; it has nothing to lose
	}
}
