package scope_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// tenants opens values that are named by key and generation, and keeps what becomes of
// them.
type tenants struct {
	mu     sync.Mutex
	gen    map[string]int
	events []string
	fails  map[string]error
	hold   chan struct{} // nil: open does not wait
}

func (x *tenants) note(what string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.events = append(x.events, what)
}

func (x *tenants) open(ctx context.Context, k string) (string, error) {
	if x.hold != nil {
		select {
		case <-x.hold:
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.fails["open "+k]; err != nil {
		return "", err
	}
	if x.gen == nil {
		x.gen = make(map[string]int)
	}
	x.gen[k]++
	v := fmt.Sprintf("%s%d", k, x.gen[k])
	x.events = append(x.events, "open "+v)
	return v, nil
}

func (x *tenants) drop(_ context.Context, k, v string) error {
	x.note("drop " + v)
	return x.fails["drop "+v]
}

func (x *tenants) want(t *testing.T, events ...string) {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	if !slices.Equal(x.events, events) {
		t.Errorf("%q, want %q", x.events, events)
	}
}

func (x *tenants) in(t *testing.T, fn func(ctx context.Context, s *scope.Scope, l *scope.Slots[string, string]), opts ...scope.GuardOption) error {
	t.Helper()
	return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		fn(ctx, s, scope.NewSlots(s, "tenants", x.open, x.drop, opts...))
		return nil
	}, scope.WithName("svc"))
}

// A value is opened by the first use of its key, once for all callers.
func TestSlotsOpenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := tenants{hold: make(chan struct{})}
		err := x.in(t, func(ctx context.Context, s *scope.Scope, l *scope.Slots[string, string]) {
			for k := range 3 {
				s.Go("t", func(ctx context.Context) error {
					if k == 0 { // begins, and gives up
						ctx, cancel := context.WithTimeout(ctx, time.Second)
						defer cancel()
						if _, err := l.Use(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
							t.Errorf("%v", err)
						}
						return nil
					}
					time.Sleep(time.Millisecond)
					v, err := l.Use(ctx, "a")
					if v != "a1" || err != nil {
						t.Errorf("%q, %v", v, err)
					}
					return nil
				})
			}
			time.Sleep(2 * time.Second)
			close(x.hold)
			synctest.Wait()
			if l.Len() != 1 {
				t.Errorf("len %d", l.Len())
			}
		})
		if err != nil {
			t.Error(err)
		}
		x.want(t, "open a1", "drop a1")
	})
}

// An open function that all callers have given up is canceled, and the next use tries
// again.
func TestSlotsForsaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := tenants{hold: make(chan struct{})}
		err := x.in(t, func(ctx context.Context, s *scope.Scope, l *scope.Slots[string, string]) {
			late, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			if _, err := l.Use(late, "a"); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			synctest.Wait()
			if n := len(s.Snapshot().Items); n != 1 {
				t.Errorf("%v", s.Snapshot().Items)
			}
			close(x.hold)
			if v, err := l.Use(ctx, "a"); v != "a1" || err != nil {
				t.Errorf("%q, %v", v, err)
			}
		})
		if err != nil {
			t.Error(err)
		}
		x.want(t, "open a1", "drop a1")
	})
}

// A failed open is reported to all that wait, and the next use tries again.
func TestSlotsOpenFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := tenants{fails: map[string]error{"open a": errBoom}, hold: make(chan struct{})}
		err := x.in(t, func(ctx context.Context, s *scope.Scope, l *scope.Slots[string, string]) {
			for range 3 {
				s.Go("t", func(ctx context.Context) error {
					if _, err := l.Use(ctx, "a"); !errors.Is(err, errBoom) {
						t.Error(err)
					}
					return nil
				})
			}
			synctest.Wait()
			close(x.hold)
			synctest.Wait()
			delete(x.fails, "open a")
			if v, err := l.Use(ctx, "a"); v != "a1" || err != nil || l.Len() != 1 {
				t.Errorf("%q, %v, %d", v, err, l.Len())
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// Evict drops a value when nothing uses it any longer; the next use opens another.
func TestSlotsEvict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := tenants{fails: map[string]error{"drop a1": errBoom}}
		err := x.in(t, func(ctx context.Context, s *scope.Scope, l *scope.Slots[string, string]) {
			go_ := make(chan struct{})
			s.Go("user", func(ctx context.Context) error {
				_, err := l.Use(ctx, "a")
				<-go_
				return err
			})
			synctest.Wait()
			done := make(chan error)
			go func() { done <- l.Evict(t.Context(), "a") }()
			synctest.Wait()
			if v, err := l.Use(ctx, "a"); v != "a2" || err != nil {
				t.Errorf("%q, %v", v, err)
			}
			x.want(t, "open a1", "open a2")
			close(go_)
			var drop *scope.DropError
			if err := <-done; !errors.As(err, &drop) || drop.Guard != "tenants[a]" || !errors.Is(err, errBoom) {
				t.Error(err)
			}
			x.want(t, "open a1", "open a2", "drop a1")
			if err := l.Evict(ctx, "none"); err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// SlotIdle evicts what nothing has used for as long, and no earlier.
func TestSlotIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var x tenants
		err := x.in(t, func(ctx context.Context, s *scope.Scope, l *scope.Slots[string, string]) {
			use := func(k string, hold time.Duration) {
				err := scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error {
					_, err := l.Use(ctx, k)
					time.Sleep(hold)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
			use("a", 0)
			time.Sleep(5 * time.Minute)
			use("b", 20*time.Minute) // a's ten minutes pass; b is in use
			synctest.Wait()
			x.want(t, "open a1", "open b1", "drop a1")
			time.Sleep(9 * time.Minute)
			use("b", 0)
			time.Sleep(9 * time.Minute)
			synctest.Wait()
			if l.Len() != 1 {
				t.Error(l.Len())
			}
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			x.want(t, "open a1", "open b1", "drop a1", "drop b1")
			if l.Len() != 0 {
				t.Error(l.Len())
			}
			use("b", 0)
		}, scope.SlotIdle(10*time.Minute))
		if err != nil {
			t.Error(err)
		}
		x.want(t, "open a1", "open b1", "drop a1", "drop b1", "open b2", "drop b2")
	})
}

// Opens that wait for each other are a cycle.
func TestSlotsCycle(t *testing.T) {
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		var l *scope.Slots[int, int]
		l = scope.NewSlots(s, "l", func(ctx context.Context, k int) (int, error) { return l.Use(ctx, 1-k) },
			func(context.Context, int, int) error { return nil })
		var cycle *scope.CycleError
		if _, err := l.Use(ctx, 0); !errors.As(err, &cycle) || l.Len() != 0 {
			t.Errorf("%v, %d", err, l.Len())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
