package scope_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// Retire drops the old value before the new one is opened; if that fails, the slot is
// empty, and its users get the error until a Replace succeeds.
func TestSlotRetire(t *testing.T) {
	var p pools
	err := p.slot(t, func(ctx context.Context, _ *scope.Scope, l *scope.Slot[int]) error {
		retires := func(ctx context.Context) (int, error) {
			if err := l.Retire(ctx); err != nil {
				return 0, err
			}
			return p.open(ctx)
		}
		if err := l.Replace(ctx, retires); err != nil {
			t.Error(err)
		}
		p.want(t, "open 1", "drop 1", "open 2")
		err := l.Replace(ctx, func(ctx context.Context) (int, error) { return 0, errors.Join(l.Retire(ctx), errBoom) })
		if !errors.Is(err, errBoom) {
			t.Error(err)
		}
		if _, err := l.Use(ctx); !errors.Is(err, errBoom) {
			t.Error(err)
		}
		if err := l.Borrow(ctx, func(context.Context, int) error { return nil }); !errors.Is(err, errBoom) {
			t.Error(err)
		}
		if err := l.Replace(ctx, p.open); err != nil {
			t.Error(err)
		}
		if v, err := l.Use(ctx); v != 3 || err != nil {
			t.Error(v, err)
		}
		if err := l.Retire(ctx); !errors.Is(err, scope.ErrForeign) {
			t.Error(err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	p.want(t, "open 1", "drop 1", "open 2", "drop 2", "open 3", "drop 3")
}

// While Retire waits for the users of the old value, others wait for the new one, and
// those users go on.
func TestSlotRetireWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pools
		err := p.slot(t, func(ctx context.Context, s *scope.Scope, l *scope.Slot[int]) error {
			s.Go("user", func(ctx context.Context) error {
				_, _ = l.Use(ctx)
				time.Sleep(time.Second)
				return scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error {
					if v, err := l.Use(ctx); v != 1 || err != nil {
						t.Error(v, err)
					}
					return l.Borrow(ctx, func(context.Context, int) error { return nil })
				})
			})
			s.Go("other", func(ctx context.Context) error {
				time.Sleep(time.Millisecond * 500)
				if v, err := l.Use(ctx); v != 2 || err != nil {
					t.Error(v, err)
				}
				return nil
			})
			time.Sleep(time.Millisecond)
			return l.Replace(ctx, func(ctx context.Context) (int, error) {
				if err := l.Retire(ctx); err != nil {
					return 0, err
				}
				return p.open(ctx)
			})
		})
		if err != nil {
			t.Error(err)
		}
		p.want(t, "open 1", "drop 1", "open 2", "drop 2")
	})
}

// A guard that was opened with the value keeps it until it is gone.
func TestSlotInUse(t *testing.T) {
	var p pools
	err := p.slot(t, func(ctx context.Context, s *scope.Scope, l *scope.Slot[int]) error {
		g, err := scope.Acquire(ctx, s, "cache", l.Use, guard.Nothing)
		if err != nil {
			return err
		}
		var used *scope.InUseError
		if err := l.Replace(ctx, p.open); !errors.As(err, &used) || !slices.Equal(used.Dependents, []string{"cache"}) {
			t.Error(err)
		}
		if l.Value() != 2 {
			t.Error(l.Value())
		}
		p.want(t, "open 1", "open 2")
		if _, err := l.Use(context.Background()); !errors.Is(err, scope.ErrForeign) {
			t.Error(err)
		}
		return g.Drop(ctx)
	})
	if err != nil {
		t.Error(err)
	}
	slices.Sort(p.events)
	p.want(t, "drop 1", "drop 2", "open 1", "open 2")
}

// What was acquired or started on the scope of a value is dropped after it; if open fails
// at once, and it sees Failed.
func TestSlotScopeOfValue(t *testing.T) {
	var p pools
	open := func(fail error) func(ctx context.Context) (int, error) {
		return func(ctx context.Context) (int, error) {
			in, _ := scope.From(ctx)
			for _, name := range []string{"a", "b"} {
				_, err := scope.Acquire(ctx, in, name, opens(name), func(ctx context.Context, _ string) error {
					p.note(name + " " + scope.ExitOf(ctx).Kind.String())
					return nil
				})
				if err != nil {
					return 0, err
				}
			}
			if _, err := in.Daemon("d", func(ctx context.Context) error {
				<-ctx.Done()
				p.note("daemon")
				return nil
			}); err != nil {
				return 0, err
			}
			if fail != nil {
				return 0, fail
			}
			return p.open(ctx)
		}
	}
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		l, err := scope.NewSlot(ctx, s, "l", open(nil), p.drop)
		if err != nil {
			return err
		}
		if err := l.Replace(ctx, open(errBoom)); !errors.Is(err, errBoom) {
			t.Error(err)
		}
		p.check(t, "open 1", "a failed", "b failed", "daemon")
		if err := l.Replace(ctx, open(nil)); err != nil {
			t.Error(err)
		}
		p.check(t, "open 2", "drop 1", "a succeeded", "b succeeded", "daemon")
		return errBoom
	})
	if !errors.Is(err, errBoom) {
		t.Error(err)
	}
	p.check(t, "drop 2", "a failed", "b failed", "daemon")
}

// check is want for the events since the last one: the first ones in order, the rest in
// any.
func (p *pools) check(t *testing.T, events ...string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.events
	p.events = nil
	ordered := func(e []string) []string {
		n := slices.IndexFunc(e, func(s string) bool { return s[:2] == "dr" }) + 1
		slices.Sort(e[n:])
		return e
	}
	if !slices.Equal(ordered(got), ordered(events)) {
		t.Errorf("%q, want %q", got, events)
	}
}

// The turn of the slot cancels an open function that runs, and awaits it.
func TestSlotTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pools
		var replaced error
		done := make(chan struct{})
		err := p.slot(t, func(ctx context.Context, _ *scope.Scope, l *scope.Slot[int]) error {
			go func() {
				defer close(done)
				replaced = l.Replace(context.Background(), func(ctx context.Context) (int, error) {
					<-ctx.Done()
					time.Sleep(time.Second)
					p.note("canceled")
					return 0, context.Cause(ctx)
				})
				if err := l.Replace(context.Background(), p.open); !errors.Is(err, scope.ErrDropped) {
					t.Error(err)
				}
			}()
			synctest.Wait()
			return nil
		})
		<-done
		if err != nil || !errors.Is(replaced, context.Canceled) {
			t.Error(err, replaced)
		}
		p.want(t, "open 1", "canceled", "drop 1")
	})
}

// Panics and Goexits of open are the caller's, and keep the old value.
func TestSlotOpenPanics(t *testing.T) {
	var p pools
	err := p.slot(t, func(ctx context.Context, _ *scope.Scope, l *scope.Slot[int]) error {
		if c := calls(func() error { return l.Replace(ctx, func(context.Context) (int, error) { panic("p") }) }); c.panic != "p" {
			t.Errorf("%+v", c)
		}
		if c := calls(func() error {
			return l.Replace(ctx, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
		}); !c.goexit {
			t.Errorf("%+v", c)
		}
		if l.Value() != 1 {
			t.Error(l.Value())
		}
		return l.Replace(ctx, p.open)
	})
	if err != nil {
		t.Error(err)
	}
	p.want(t, "open 1", "open 2", "drop 1", "drop 2")
}

// Requests use a value while it is replaced: none sees one that was dropped, and all are
// dropped once.
func TestSlotStress(t *testing.T) {
	const swaps = 300
	var mu sync.Mutex
	dropped := make(map[*int]int)
	open := func(context.Context) (*int, error) { return new(int), nil }
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		l, err := scope.NewSlot(ctx, s, "pool", open, func(_ context.Context, v *int) error {
			mu.Lock()
			defer mu.Unlock()
			dropped[v]++
			return nil
		})
		if err != nil {
			return err
		}
		stop := make(chan struct{})
		for range 4 {
			s.Go("client", func(ctx context.Context) error {
				for {
					select {
					case <-stop:
						return nil
					default:
					}
					err := scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error {
						v, err := l.Use(ctx)
						mu.Lock()
						if dropped[v] > 0 {
							t.Error("dropped in use")
						}
						mu.Unlock()
						return err
					})
					if err != nil {
						return err
					}
				}
			})
		}
		for range swaps {
			if err := l.Replace(ctx, open); err != nil {
				return err
			}
		}
		close(stop)
		return nil
	})
	if err != nil || len(dropped) != swaps+1 {
		t.Errorf("%v, %d dropped", err, len(dropped))
	}
	for _, n := range dropped {
		if n != 1 {
			t.Errorf("dropped %d times", n)
		}
	}
}
