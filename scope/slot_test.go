package scope_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/ebb-go/ebb/scope"
)

// pools opens values that are numbered from 1 and keeps what becomes of them, in order.
type pools struct {
	mu     sync.Mutex
	opened int
	events []string
	fails  map[int]error // of the drop of a number
}

func (p *pools) open(context.Context) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opened++
	p.events = append(p.events, fmt.Sprintf("open %d", p.opened))
	return p.opened, nil
}

func (p *pools) drop(_ context.Context, v int) error {
	p.note(fmt.Sprintf("drop %d", v))
	return p.fails[v]
}

func (p *pools) note(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, what)
}

func (p *pools) want(t *testing.T, events ...string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Equal(p.events, events) {
		t.Errorf("%q, want %q", p.events, events)
	}
}

// slot runs fn in a scope with a slot "pool" of these values.
func (p *pools) slot(t *testing.T, fn func(ctx context.Context, s *scope.Scope, l *scope.Slot[int]) error, opts ...scope.Option) error {
	t.Helper()
	return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		l, err := scope.NewSlot(ctx, s, "pool", p.open, p.drop)
		if err != nil {
			return err
		}
		return fn(ctx, s, l)
	}, append(opts, scope.WithName("svc"))...)
}

// Replace opens a new value first, and drops the old one.
func TestSlotReplace(t *testing.T) {
	var p pools
	err := p.slot(t, func(ctx context.Context, _ *scope.Scope, l *scope.Slot[int]) error {
		if v, err := l.Use(context.WithValue(ctx, "k", 1)); v != 1 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
		if err := l.Replace(ctx, p.open); err != nil { // the body keeps 1: it does not wait for itself
			t.Error(err)
		}
		if v := l.Value(); v != 2 {
			t.Errorf("value %d", v)
		}
		p.note("body")
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	slices.Sort(p.events[3:]) // in the teardown both are dropped together
	p.want(t, "open 1", "open 2", "body", "drop 1", "drop 2")
}

// A failure of open keeps the old value.
func TestSlotReplaceFails(t *testing.T) {
	var p pools
	err := p.slot(t, func(ctx context.Context, _ *scope.Scope, l *scope.Slot[int]) error {
		err := l.Replace(ctx, func(context.Context) (int, error) { return 0, errBoom })
		if !errors.Is(err, errBoom) || l.Value() != 1 {
			t.Errorf("%v, value %d", err, l.Value())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	p.want(t, "open 1", "drop 1")
}

// The old value is dropped when its last pin has ended, and Replace waits for that.
func TestSlotPins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pools{fails: map[int]error{1: errBoom}}
		err := p.slot(t, func(ctx context.Context, s *scope.Scope, l *scope.Slot[int]) error {
			task, run, borrow := make(chan int), make(chan int), make(chan int)
			s.Go("task", func(ctx context.Context) error {
				_, _ = l.Use(ctx)
				<-task
				return nil
			})
			s.Go("run", func(ctx context.Context) error {
				_ = scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error {
					_, _ = l.Use(ctx)
					_, _ = l.Use(ctx)
					<-run
					return nil
				})
				<-s.Context().Done()
				return nil
			})
			s.Go("borrow", func(context.Context) error {
				return l.Borrow(context.Background(), func(context.Context, int) error {
					<-borrow
					return nil
				})
			})
			synctest.Wait()
			done := make(chan error)
			go func() { done <- l.Replace(t.Context(), p.open) }()
			for k, c := range []chan int{task, run, borrow} {
				synctest.Wait()
				p.want(t, "open 1", "open 2")
				if v, err := l.Use(ctx); v != 2 || err != nil {
					t.Errorf("%d: %d, %v", k, v, err)
				}
				close(c)
			}
			err := <-done
			var drop *scope.DropError
			if !errors.As(err, &drop) || drop.Guard != "pool[1]" || drop.Scope != "svc" || !errors.Is(err, errBoom) {
				t.Errorf("%v", err)
			}
			p.want(t, "open 1", "open 2", "drop 1")
			s.Cancel(nil)
			return nil
		})
		if !errors.Is(err, context.Canceled) || errors.Is(err, errBoom) {
			t.Error(err)
		}
		p.want(t, "open 1", "open 2", "drop 1", "drop 2")
	})
}
