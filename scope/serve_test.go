package scope_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// TestServe: a server ends in its turn, with the budget as deadline; what it returns
// before is a failure, and what both functions return after is the daemon's.
func TestServe(t *testing.T) {
	wraps := fmt.Errorf("accept: %w", net.ErrClosed)
	for what, c := range map[string]struct {
		early           bool // serve returns before its turn
		serve, shutdown error
		want            []error // nil: no error
	}{
		"in order":               {},
		"closed, as net/http":    {serve: http.ErrServerClosed},
		"closed, as net":         {serve: wraps},
		"closed, and more":       {serve: errors.Join(net.ErrClosed, errBoom), want: []error{errBoom}},
		"serve fails":            {serve: errBoom, want: []error{errBoom}},
		"shutdown fails":         {serve: wraps, shutdown: errGone, want: []error{errGone}},
		"both fail":              {serve: errBoom, shutdown: errGone, want: []error{errBoom, errGone}},
		"ends too early":         {early: true, want: []error{}},
		"fails early":            {early: true, serve: errBoom, want: []error{errBoom}},
		"is closed behind us":    {early: true, serve: net.ErrClosed, want: []error{net.ErrClosed}},
		"says it was shut early": {early: true, serve: http.ErrServerClosed, want: []error{http.ErrServerClosed}},
	} {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				stopped := make(chan struct{})
				_, err := scope.Serve(ctx, s, "smtp", func() error {
					if !c.early {
						<-stopped
					}
					return c.serve
				}, func(ctx context.Context) error {
					calls++
					defer close(stopped)
					if end, ok := ctx.Deadline(); !ok || time.Until(end) != 3*sec || ctx.Err() != nil {
						t.Errorf("%s: until %v, %v", what, time.Until(end), ctx.Err())
					}
					return c.shutdown
				}, scope.DropTimeout(4*sec))
				if err != nil {
					return err
				}
				synctest.Wait()
				if c.early && ctx.Err() == nil || !c.early && calls > 0 {
					t.Errorf("%s: %v, %d calls", what, ctx.Err(), calls)
				}
				return nil
			})
			if (err == nil) != (c.want == nil) || (calls == 0) != c.early || calls > 1 {
				t.Errorf("%s: Run returned %v, %d calls", what, err, calls)
			}
			for _, want := range c.want {
				wantIs(t, err, want)
			}
		})
	}
}

// TestServeFaults: a panic of either function is the daemon's; what hangs is abandoned by
// name.
func TestServeFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := calls(func() error {
			return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				_, err := scope.Serve(ctx, s, "smtp", func() error { panic("kaboom") }, nothing)
				return err
			})
		})
		var p *scope.PanicError
		if err, _ := got.panic.(error); !errors.As(err, &p) || p.Value != "kaboom" {
			t.Errorf("%+v", got)
		}
		end := make(chan struct{})
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_, err := scope.Serve(ctx, s, "smtp", func() error { <-end; return nil }, func(context.Context) error { close(end); panic("kaboom") })
			return err
		})
		if !errors.As(err, &p) || p.Value != "kaboom" {
			t.Error(err)
		}
	})
	bubbleOf(t, func(t *testing.T, hang stuck) {
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_, err := scope.Serve(ctx, s, "smtp", func() error { <-hang; return nil }, nothing, scope.DropTimeout(4*sec))
			return err
		}, new(logs).with())
		var a *scope.AbandonedError
		if !errors.As(err, &a) || a.Name != "smtp" {
			t.Error(err)
		}
	})
}
