package scope_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// TestAttach: the context of a call below an owner has the values of both, ends with
// either, with its cause, and what is opened in it belongs to the owner.
func TestAttach(t *testing.T) {
	type key string
	synctest.Test(t, func(t *testing.T) {
		for what, c := range map[string]struct {
			end  func(call context.CancelCauseFunc, s *scope.Scope, cancel context.CancelFunc)
			want error
		}{
			"the call ends":  {func(call context.CancelCauseFunc, _ *scope.Scope, _ context.CancelFunc) { call(errGone) }, errGone},
			"the owner ends": {func(_ context.CancelCauseFunc, s *scope.Scope, _ context.CancelFunc) { s.Cancel(errBoom) }, errBoom},
			"canceled":       {func(_ context.CancelCauseFunc, _ *scope.Scope, cancel context.CancelFunc) { cancel() }, context.Canceled},
			"the deadline":   {func(context.CancelCauseFunc, *scope.Scope, context.CancelFunc) { time.Sleep(time.Hour) }, context.DeadlineExceeded},
			"the call, first": {func(call context.CancelCauseFunc, s *scope.Scope, _ context.CancelFunc) {
				call(errGone)
				synctest.Wait()
				s.Cancel(errBoom)
			}, errGone},
		} {
			_ = scope.Run(context.WithValue(context.WithValue(t.Context(), key("a"), "owner"), key("b"), "owner"), func(ctx context.Context, s *scope.Scope) error {
				call, end := context.WithCancelCause(context.WithValue(t.Context(), key("a"), "call"))
				defer end(nil)
				call, stop := context.WithTimeout(call, time.Hour)
				defer stop()
				both, cancel := scope.Attach(call, ctx)
				defer cancel()
				if both.Value(key("a")) != "call" || both.Value(key("b")) != "owner" || both.Err() != nil {
					t.Errorf("%s: values %v, %v", what, both.Value(key("a")), both.Value(key("b")))
				}
				if in, _ := scope.From(both); in != s {
					t.Errorf("%s: it is not below the owner", what)
				}
				derived, free := context.WithCancel(both)
				defer free()
				c.end(end, s, cancel)
				synctest.Wait()
				for _, ctx := range []context.Context{both, derived} {
					if cause := context.Cause(ctx); cause != c.want {
						t.Errorf("%s: cause %v", what, cause)
					}
				}
				return nil
			})
		}
	})
}

// TestAttachIsWaitedFor: the drop of a daemon waits for what a call below it has opened;
// a call below an owner that has ended opens nothing, wherever the call is from.
func TestAttachIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var owner context.Context
		var j journal
		called := make(chan struct{})
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "db", j.adds("db")))
			_ = must(s.Daemon("server", func(ctx context.Context) error {
				owner = ctx
				close(called)
				<-ctx.Done()
				return nil
			}))
			<-called
			go func() {
				ctx, cancel := scope.Attach(t.Context(), owner)
				defer cancel()
				_ = scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error {
					time.Sleep(sec)
					j.add("call")
					return nil
				})
			}()
			synctest.Wait()
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		j.want(t, "call", "db")
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			late, cancel := scope.Attach(ctx, owner)
			defer cancel()
			err := scope.Run(late, func(context.Context, *scope.Scope) error { return errors.New("run") })
			wantIs(t, err, scope.ErrClosed)
		})
	})
}
