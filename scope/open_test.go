package scope_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// TestOpen: the scope lives until it is closed; then its tasks run to their end, what it
// owns is dropped in order, and every call of Close returns the same error.
func TestOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		s := must(scope.Open(t.Context(), scope.WithName("plugin"), scope.WithGrace(time.Minute)))
		_ = must(scope.Defer(s, "db", func(context.Context) error { j.add("db"); return errBoom }))
		_ = must(s.Daemon("d", func(ctx context.Context) error { <-ctx.Done(); j.add("daemon"); return nil }))
		s.Go("t", func(ctx context.Context) error { time.Sleep(sec); j.add("task"); return ctx.Err() })
		time.Sleep(time.Hour)
		s.Go("t", func(ctx context.Context) error { time.Sleep(sec); j.add("task"); return ctx.Err() })
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				wantText(t, s.Close(t.Context()), `scope "plugin": drop "db" (wave 1): boom`)
			})
		}
		all.Wait()
		wantText(t, s.Close(t.Context()), `scope "plugin": drop "db" (wave 1): boom`)
		j.want(t, "task", "task", "daemon", "db")
		wantIs(t, s.TryGo("late", nothing), scope.ErrClosed)
		wantIs(t, context.Cause(s.Context()), scope.ErrClosed)
	})
}

// TestOpenIsARoot: it belongs to no owner of its context, but is canceled with that.
func TestOpenIsARoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var opened *scope.Scope
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			opened = must(scope.Open(ctx, scope.WithName("root")))
			opened.Go("t", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
			if opened.Path() != "root" || len(s.Snapshot().Children) > 0 {
				t.Errorf("path %s", opened.Path())
			}
		})
		if opened.Snapshot().State != "open" || opened.Context().Err() == nil {
			t.Errorf("%s, %v", opened.Snapshot().State, opened.Context().Err())
		}
		wantIs(t, opened.Close(t.Context()), scope.ErrClosed) // the cause
		if _, err := scope.Open(t.Context(), scope.WithGrace(-1)); err == nil {
			t.Error("an invalid option")
		}
		if _, err := scope.Open(t.Context(), scope.Hold()); err == nil {
			t.Error("an option of guards")
		}
	})
}

// TestOpenClose: ctx bounds the caller's wait, a deadline the exit; from inside it is an
// error; the panic of a task is that of each Close.
func TestOpenClose(t *testing.T) {
	bubbleOf(t, func(t *testing.T, hang stuck) {
		s := must(scope.Open(t.Context(), new(logs).with()))
		s.Go("inside", func(ctx context.Context) error {
			wantIs(t, s.Close(ctx), scope.ErrReentrant)
			return scope.Run(s.Context(), func(ctx context.Context, _ *scope.Scope) error {
				wantIs(t, s.Close(ctx), scope.ErrReentrant)
				return nil
			})
		})
		synctest.Wait()
		start := time.Now()
		s.Go("stuck", func(ctx context.Context) error {
			<-ctx.Done()
			var d *scope.DropTimeoutError
			if !errors.As(context.Cause(ctx), &d) || d.Limit != 4*sec || time.Since(start) != 3*sec {
				t.Errorf("%v after %v", context.Cause(ctx), time.Since(start))
			}
			return hang.drop(ctx)
		})
		gone, cancel := context.WithTimeout(t.Context(), 4*sec)
		defer cancel()
		soon, leave := context.WithCancelCause(gone)
		time.AfterFunc(sec, func() { leave(errGone) })
		if err := s.Close(soon); err != errGone {
			t.Error(err)
		}
		wantIs(t, s.Close(t.Context()), scope.ErrAbandoned)
		if took := time.Since(start); took != 4*sec {
			t.Errorf("closed after %v", took)
		}
	})
	s := must(scope.Open(t.Context()))
	s.Go("t", func(context.Context) error { panic("kaboom") })
	for range 2 {
		got := calls(func() error { return s.Close(t.Context()) })
		if p, ok := got.panic.(*scope.PanicError); !ok || p.Value != "kaboom" {
			t.Errorf("%+v", got)
		}
	}
}

// TestOpenForgotten: one that was not closed is reported as a leak is, at the place
// where it was made, whatever may end it; one that was closed is not.
func TestOpenForgotten(t *testing.T) {
	leaks := make(chan guard.Leak, 8)
	defer guard.OnLeak(func(l guard.Leak) { leaks <- l })()
	for name, opts := range map[string][]scope.Option{
		"plain":   nil,
		"grace":   {scope.WithGrace(time.Minute)},
		"signals": {scope.WithSignals(syscall.SIGUSR1)},
	} {
		var site string
		func() {
			kept := must(scope.Open(t.Context(), append(opts, scope.WithName("closed"))...))
			if err := kept.Close(t.Context()); err != nil {
				t.Error(err)
			}
			_, file, line, _ := runtime.Caller(0)
			forgotten := must(scope.Open(t.Context(), append(opts, scope.WithName(name))...))
			site = fmt.Sprintf("%s:%d", file, line+1)
			_ = forgotten.Context().Done()
			_ = must(scope.Defer(forgotten, "db", nothing))
		}()
		if l := collected(t, leaks); l.Name != name || l.Type != "*scope.Scope" || l.Site != site {
			t.Errorf("%+v, want %s at %s", l, name, site)
		}
	}
}

// collected collects garbage until a leak is found.
func collected(t *testing.T, leaks <-chan guard.Leak) guard.Leak {
	t.Helper()
	for range 2000 {
		runtime.GC()
		select {
		case l := <-leaks:
			return l
		default:
			runtime.Gosched()
		}
	}
	t.Error("no leak is reported")
	return guard.Leak{}
}

// TestOpenClosesInCircles: a Close that waits for itself is refused, around other
// scopes too, and by a borrower.
func TestOpenClosesInCircles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := must(scope.Open(t.Context(), scope.WithName("a")))
		b := must(scope.Open(t.Context(), scope.WithName("b")))
		a.Go("t", func(ctx context.Context) error { return b.Close(ctx) })
		b.Go("t", func(ctx context.Context) error {
			time.Sleep(sec)
			wantIs(t, a.Close(ctx), scope.ErrReentrant)
			return nil
		})
		if err := a.Close(t.Context()); err != nil {
			t.Error(err)
		}
		c := must(scope.Open(t.Context(), scope.WithName("c")))
		in := must(c.Child("in"))
		g := must(scope.Defer(in, "g", func(ctx context.Context) error {
			wantIs(t, c.Close(ctx), scope.ErrReentrant)
			return nil
		}))
		err := g.Borrow(t.Context(), func(ctx context.Context, _ struct{}) error { return c.Close(ctx) })
		wantIs(t, err, scope.ErrReentrant)
		if err := c.Close(c.Context()); err != nil { // its context is anybody's
			t.Error(err)
		}
	})
}

// TestOpenSignals: a signal asks the scope to stop, and Wait is what its owner does
// until then; a second one ends every wait of Close.
func TestOpenSignals(t *testing.T) {
	p := runs(t, "opens")
	p.says("ready")
	p.signal(syscall.SIGTERM)
	p.says("asked, wait: <nil>")
	p.says("a second later")
	p.signal(syscall.SIGTERM)
	p.says("abandoned: true")
	p.exits(0, "")
}
