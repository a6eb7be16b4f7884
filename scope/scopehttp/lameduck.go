package scopehttp

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// LameDuck is an option of [Serve] and [ServeOn] for a server behind a load balancer,
// which goes on sending requests until it has noticed that the server is going to stop.
// As soon as the scope is canceled or asked to stop, ready becomes false, and from then
// on every response asks its client to close the connection, which has no further
// request on the way then. The server goes on serving until delay has passed since, and
// until its turn in the teardown; only then does its stop begin, as Serve describes it.
//
// The delay lies within the time of the drop: it takes at most half of the time that is
// left until the handlers are canceled. It should be longer than the balancer takes to
// notice, such as a period of its probes and a second. ready may be nil, and a delay of
// zero is none. In other places than Serve and ServeOn the option does nothing.
func LameDuck(delay time.Duration, ready *Readiness) scope.GuardOption {
	return lameDuck{scope.AlsoDependsOn(), delay, ready}
}

// lameDuck is that option. It has the methods of one that changes nothing, as options of
// package scope can only be made there.
type lameDuck struct {
	scope.GuardOption
	delay time.Duration
	ready *Readiness
}

// lameDuckOf returns the last one among opts.
func lameDuckOf(opts []scope.GuardOption) (l lameDuck, err error) {
	for _, o := range opts {
		if o, ok := o.(lameDuck); ok {
			l = o
		}
	}
	if l.delay < 0 {
		return l, fmt.Errorf("LameDuck(%v): must not be negative", l.delay)
	}
	return l, nil
}

// Readiness is a handler that says whether requests should be sent here: 200 while it is
// ready, else 503. The zero value is not ready. [LameDuck] makes it ready when its server
// accepts connections, and not ready as soon as that is going to stop; with more than one
// server it is ready while there is one and none is going to stop. It may be asked from
// anywhere.
type Readiness struct {
	mu       sync.Mutex // protects the following
	serving  int        // servers that accept
	stopping int        // of these, the ones that are going to stop
}

// Ready reports whether requests should be sent here.
func (r *Readiness) Ready() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.serving > 0 && r.stopping == 0
}

// ServeHTTP answers with status 200 or 503.
func (r *Readiness) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if !r.Ready() {
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ready")
}

// count adds to the counts; nil has none.
func (r *Readiness) count(serving, stopping int) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.serving += serving
	r.stopping += stopping
}

// farewell is the lame duck of a server that accepts; nil without the option.
type farewell struct {
	lameDuck
	v       *server
	once    sync.Once
	since   time.Time // when it began; set by once
	unwatch func()    // ends the watch on the scope
}

// farewell lets that of v begin when its scope is canceled or asked to stop.
func (v *server) farewell() *farewell {
	if v.duck.GuardOption == nil {
		return nil // it was not asked for
	}
	f := &farewell{lameDuck: v.duck, v: v}
	f.ready.count(1, 0)
	var asked context.Context
	asked, f.unwatch = scope.StoppingContext(v.scope.Context())
	context.AfterFunc(asked, f.begin)
	return f
}

// begin is the moment from which on the server is going to stop. The watch on the scope
// may be late, so it does not move a stage back.
func (f *farewell) begin() {
	if f == nil {
		return
	}
	f.once.Do(func() {
		f.unwatch()
		f.ready.count(0, 1)
		f.since = time.Now()
		f.v.mu.Lock()
		f.v.stage = max(f.v.stage, leaving)
		f.v.mu.Unlock()
	})
}

// wait blocks until the delay is over. It is called when the turn of the server has
// come, in the daemon's context ctx.
func (f *farewell) wait(ctx context.Context) {
	if f == nil {
		return
	}
	f.begin()
	left := time.Until(f.since.Add(f.delay))
	if end, limited := scope.StoppingDeadline(ctx); limited {
		left = min(left, time.Until(end)/2)
	}
	if left <= 0 {
		return
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.v.accepted: // then no request comes any longer
	case <-ctx.Done():
	}
}

// end is called when the server has stopped.
func (f *farewell) end() {
	if f == nil {
		return
	}
	f.begin()
	f.ready.count(-1, -1)
}
