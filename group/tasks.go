package group

import (
	"context"
	"sync"

	"github.com/ebb-go/ebb/internal/fault"
	"golang.org/x/sync/errgroup"
)

// Tasks runs functions concurrently and waits for them, as errgroup does. Unlike
// errgroup it also keeps a panic and a call of [runtime.Goexit], as errors like any
// other. The zero value is ready for use: its functions get [context.Background], and a
// failure cancels nothing. All methods are safe for concurrent use, and a Tasks must
// not be copied.
type Tasks struct {
	group  errgroup.Group
	ctx    context.Context         // of every function, as errgroup hands it out; nil: Background
	cancel context.CancelCauseFunc // nil in the zero value

	once sync.Once
	err  error // set in once; read after group.Wait
}

// WithContext returns Tasks whose functions get a context derived from ctx. It
// is canceled with the first failure as its cause, or when Wait returns.
func WithContext(ctx context.Context) (*Tasks, context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	return &Tasks{ctx: ctx, cancel: cancel}, ctx
}

// Limit bounds how many functions run at a time; a negative number is no limit. It must
// not be called while a function runs.
func (t *Tasks) Limit(n int) { t.group.SetLimit(n) }

// Go runs fn on a goroutine of its own. It blocks while as many run as Limit
// allows. It panics if fn is nil. The first call must come before Wait.
func (t *Tasks) Go(fn func(ctx context.Context) error) {
	if fn == nil {
		panic("group: nil task")
	}
	t.group.Go(func() error {
		// The closure keeps its failure itself and never returns one to errgroup. If
		// the panic were left to errgroup, Wait could return first and the program
		// could end with exit code 0 (golang/go#76126); and a Goexit returns nothing.
		returned := false
		defer func() {
			if !returned {
				t.fail(fault.Ended(recover()))
			}
		}()
		ctx := t.ctx
		if ctx == nil {
			ctx = context.Background()
		}
		err := fn(ctx)
		returned = true
		if err != nil {
			t.fail(err)
		}
		return nil
	})
}

// fail keeps the first failure. The error and the cause are set in one step, so
// that Wait and context.Cause never name different ones.
func (t *Tasks) fail(err error) {
	t.once.Do(func() {
		t.err = err
		if t.cancel != nil {
			t.cancel(err)
		}
	})
}

// Wait blocks until all functions have ended, then returns the first failure:
// an error, a [*PanicError], or [ErrGoexit].
func (t *Tasks) Wait() error {
	_ = t.group.Wait()
	if t.cancel != nil {
		t.cancel(t.err)
	}
	return t.err
}
