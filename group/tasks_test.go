package group_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/internal/fault"
)

// The first failure of any kind is what Wait returns and the context's cause.
func TestTasksKeepTheFirstFailure(t *testing.T) {
	for _, c := range []struct {
		rule  string
		fails func(context.Context) error
		want  func(error) bool
	}{
		{"an error", func(context.Context) error { return errDrop }, func(err error) bool { return err == errDrop }},
		{"a panic", func(context.Context) error { panic(errDrop) }, func(err error) bool {
			var p *fault.PanicError
			return errors.As(err, &p) && p.Value == errDrop && len(p.Stack) > 0
		}},
		{"Goexit", func(context.Context) error { runtime.Goexit(); return nil }, func(err error) bool {
			return err == fault.ErrGoexit
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			tasks, ctx := group.WithContext(t.Context())
			tasks.Go(c.fails)
			tasks.Go(func(ctx context.Context) error {
				<-ctx.Done()
				time.Sleep(time.Second)
				return errors.New("second")
			})
			start := time.Now()
			err := tasks.Wait()
			if !c.want(err) {
				t.Errorf("%s: Wait returned %v", c.rule, err)
			}
			if cause := context.Cause(ctx); cause != err {
				t.Errorf("%s: the context's cause is %v", c.rule, cause)
			}
			if time.Since(start) != time.Second {
				t.Errorf("%s: Wait returned after %v, before all had ended", c.rule, time.Since(start))
			}
		})
	}
}

// Without a failure Wait returns nil, and the context ends with it.
func TestTasksSucceed(t *testing.T) {
	type key struct{}
	tasks, ctx := group.WithContext(context.WithValue(t.Context(), key{}, "value"))
	tasks.Go(func(ctx context.Context) error {
		if ctx.Value(key{}) != "value" || ctx.Err() != nil {
			t.Errorf("the function's context is another")
		}
		return nil
	})
	if err := tasks.Wait(); err != nil || ctx.Err() == nil {
		t.Errorf("Wait returned %v, the context %v", err, ctx.Err())
	}
}

// The zero value runs functions and cancels nothing.
func TestZeroTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tasks group.Tasks
		var ended atomic.Int32
		tasks.Go(func(context.Context) error { panic("first") })
		tasks.Go(func(ctx context.Context) error {
			time.Sleep(time.Second)
			if ctx.Err() == nil {
				ended.Add(1)
			}
			return nil
		})
		var p *fault.PanicError
		if err := tasks.Wait(); !errors.As(err, &p) || ended.Load() != 1 {
			t.Errorf("Wait returned %v, %d functions ended", err, ended.Load())
		}
	})
}

// Go blocks while as many functions run as the limit allows.
func TestTasksLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tasks group.Tasks
		tasks.Limit(2)
		start := time.Now()
		for range 6 {
			tasks.Go(func(context.Context) error { return sleeps(time.Second)(t.Context()) })
		}
		if err := tasks.Wait(); err != nil || time.Since(start) != 3*time.Second {
			t.Errorf("%v after %v, want nil after 3s", err, time.Since(start))
		}
	})
}
