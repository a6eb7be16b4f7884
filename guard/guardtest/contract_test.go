package guardtest_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/guard/guardtest"
	"go.uber.org/multierr"
)

var errFlush = errors.New("flush failed")

// A worker is a value with everything that a drop can get wrong: a goroutine, an
// end to wait for, an error.
type worker struct {
	stop    chan struct{} // nil in one that is half made
	stopped chan struct{}
	held    bool
	err     error
}

// A crew makes workers, and sends them home when a test is over.
type crew []*worker

// hire makes a worker whose goroutine ends when it is stopped and until is closed.
func (c *crew) hire(err error, until <-chan struct{}) *worker {
	w := &worker{stop: make(chan struct{}), stopped: make(chan struct{}), held: true, err: err}
	*c = append(*c, w)
	stop, stopped := w.stop, w.stopped
	go func() {
		defer close(stopped)
		<-stop
		<-until
	}()
	return w
}

func (c *crew) sendHome() {
	for _, w := range *c {
		w.tell()
	}
}

// tell asks the goroutine to end.
func (w *worker) tell() {
	select {
	case <-w.stop:
	default:
		close(w.stop)
	}
}

// wait waits for that.
func (w *worker) wait(ctx context.Context) error {
	select {
	case <-w.stopped:
		return w.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// dropWorker is a drop function that is in order.
func dropWorker(ctx context.Context, w *worker) error {
	w.held = false
	if w.stop == nil {
		return nil
	}
	w.tell()
	return w.wait(ctx)
}

// contract is the whole contract of a worker.
func contract(c *crew) guardtest.Contract[*worker] {
	free := make(chan struct{})
	close(free)
	return guardtest.Contract[*worker]{
		Open:       func(context.Context) (*worker, error) { return c.hire(nil, free), nil },
		Idempotent: true,
		Partial:    func(context.Context) (*worker, error) { return &worker{held: true}, nil },
		Failing: func(context.Context) (*worker, error, error) {
			return c.hire(errFlush, free), errFlush, nil
		},
		Stuck: func(context.Context) (*worker, func(), error) {
			hangs := make(chan struct{})
			return c.hire(nil, hangs), func() { close(hangs) }, nil
		},
		Held:     func(w *worker) bool { return w.held },
		Patience: time.Second,
	}
}

// A drop function that is in order breaks no rule, in the bubble and out of it.
func TestRun(t *testing.T) {
	t.Run("real", func(t *testing.T) {
		c := contract(new(crew))
		c.Patience = time.Minute // of a machine with much else to do
		guardtest.Run(t, dropWorker, c)
	})
	t.Run("virtual", func(t *testing.T) {
		c := contract(new(crew))
		c.Virtual = true
		c.Open = func(context.Context) (*worker, error) { // a channel of the bubble
			until := make(chan struct{})
			close(until)
			return new(crew).hire(nil, until), nil
		}
		c.Failing = nil
		guardtest.Run(t, dropWorker, c)
	})
}

// The shapes, on values of the standard library.
func TestRunShapes(t *testing.T) {
	t.Run("Close", func(t *testing.T) {
		guardtest.Run(t, guard.Close, guardtest.Contract[net.Listener]{
			Open: func(ctx context.Context) (net.Listener, error) {
				return new(net.ListenConfig).Listen(ctx, "tcp", "localhost:0")
			},
			Patience: time.Minute,
		})
	})
	t.Run("Shutdown", func(t *testing.T) {
		guardtest.Run(t, guard.Shutdown, guardtest.Contract[*http.Server]{
			Open:       func(context.Context) (*http.Server, error) { return new(http.Server), nil },
			Idempotent: true,
			Patience:   time.Minute,
		})
	})
	t.Run("Stop", func(t *testing.T) {
		guardtest.Run(t, guard.Stop, guardtest.Contract[*time.Ticker]{
			Open:       func(context.Context) (*time.Ticker, error) { return time.NewTicker(time.Hour), nil },
			Idempotent: true,
			Virtual:    true,
		})
	})
}

// Every rule is broken by some drop function, and Verify says which.
func TestVerifyFindsBrokenRules(t *testing.T) {
	for name, c := range map[string]struct {
		drop func(context.Context, *worker) error
		want string // names of the rules that it breaks
		says string // what is said of the first one
	}{
		"in order": {dropWorker, "", ""},
		"does nothing": {
			func(context.Context, *worker) error { return nil },
			"drops, goroutines, context over, partial, error, deadline", "has not been given up"},
		"does not end the goroutine": {
			func(_ context.Context, w *worker) error { w.held = false; return w.err },
			"goroutines, deadline", "1 goroutines are left"},
		"does not wait": {
			func(_ context.Context, w *worker) error { w.held = false; close(w.stop); return nil },
			"idempotent, partial, error, deadline", "close of closed channel"},
		"loses the error": {
			func(ctx context.Context, w *worker) error { dropWorker(ctx, w); return nil },
			"error, deadline", "the drop returned <nil>, want flush failed"},
		"replaces the error": {
			func(ctx context.Context, w *worker) error {
				if dropWorker(ctx, w) != nil {
					return errors.New("something went wrong")
				}
				return nil
			},
			"error", "the drop returned something went wrong, want flush failed"},
		"does not begin when its context is over": {
			func(ctx context.Context, w *worker) error {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				return dropWorker(ctx, w)
			},
			"context over", "has not been given up"},
		"ignores its deadline": {
			func(_ context.Context, w *worker) error { return dropWorker(context.Background(), w) },
			"deadline", "has not returned after 1s"},
		"is not idempotent": {
			func(ctx context.Context, w *worker) error {
				if !w.held {
					return errors.New("dropped already")
				}
				return dropWorker(ctx, w)
			},
			"idempotent", "the second drop: dropped already"},
		"exits": {
			func(context.Context, *worker) error { runtime.Goexit(); return nil },
			"drops, goroutines, context over, idempotent, partial, error, deadline", "runtime.Goexit was called"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				workers := new(crew)
				err := guardtest.Verify(t.Context(), c.drop, contract(workers))
				workers.sendHome()
				var names []string
				for _, err := range multierr.Errors(err) {
					var broken *guardtest.RuleError
					if !errors.As(err, &broken) || broken.Text == "" || !strings.Contains(err.Error(), broken.Text) {
						t.Fatalf("%T: %v", err, err)
					}
					names = append(names, broken.Rule)
				}
				if got := strings.Join(names, ", "); got != c.want {
					t.Errorf("breaks %s; want %s\n%v", got, c.want, err)
				}
				if c.says != "" && (err == nil || !strings.Contains(multierr.Errors(err)[0].Error(), c.says)) {
					t.Errorf("says %v; want %s", err, c.says)
				}
			})
		})
	}
}

// A contract whose values cannot be made breaks the rules that need them.
func TestVerifyOpenFails(t *testing.T) {
	c := contract(new(crew))
	c.Open = func(context.Context) (*worker, error) { return nil, errFlush }
	c.Partial = c.Open
	c.Failing = func(context.Context) (*worker, error, error) { return nil, nil, errFlush }
	c.Stuck = func(context.Context) (*worker, func(), error) { return nil, nil, errFlush }
	if errs := multierr.Errors(guardtest.Verify(t.Context(), dropWorker, c)); len(errs) != 7 || !errors.Is(errs[0], errFlush) {
		t.Errorf("%v", errs)
	}
}
