package guard_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
)

// What waits without a circle is not refused, however the functions lie.
func TestWaitingForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		// Diamond: two functions wait for one third, which waits for a fourth.
		sleeps := func(ctx context.Context) (*guard.Guard[int], error) {
			time.Sleep(time.Second)
			return guard.New(1, guard.Nothing), nil
		}
		end := guard.NewLazy(sleeps)
		uses := func(l *guard.Lazy[int]) func(ctx context.Context) (*guard.Guard[int], error) {
			return func(ctx context.Context) (*guard.Guard[int], error) {
				h, err := l.Get(ctx)
				if err != nil {
					return nil, err
				}
				return guard.New(1, func(ctx context.Context, _ int) error { return h.Drop(ctx) }), nil
			}
		}
		mid := guard.NewLazy(uses(end))
		left, right := guard.NewLazy(uses(mid)), guard.NewLazy(uses(mid))
		a, b, err := guard.Join2(ctx, uses(left), uses(right))
		wantErr(t, "Join2", err, nil)
		wantErr(t, "Drop", guard.DropAll(ctx, a, b, left, right, mid, end), nil)

		// The same two mutexes in one order, by many.
		m, n := guard.NewMutex(guard.New(1, guard.Nothing)), guard.NewMutex(guard.New(1, guard.Nothing))
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				wantErr(t, "With", m.With(ctx, func(ctx context.Context, _ int) error {
					return n.With(ctx, func(context.Context, int) error { time.Sleep(time.Millisecond); return nil })
				}), nil)
			})
		}
		all.Wait()

		// A function that is over no longer waits, though a goroutine that it has left
		// behind still does: for n, inside of which g is dropped, whose other borrower
		// ends by itself.
		g := guard.New(1, guard.Nothing)
		all.Go(func() {
			g.Borrow(ctx, func(context.Context, int) error { time.Sleep(time.Minute); return nil })
		})
		all.Go(func() {
			n.With(ctx, func(ctx context.Context, _ int) error {
				time.Sleep(time.Second)
				wantErr(t, "Drop", g.Drop(ctx), nil)
				return nil
			})
		})
		synctest.Wait()
		g.Borrow(ctx, func(ctx context.Context, _ int) error {
			all.Go(func() {
				_, unlock, err := n.Lock(ctx)
				unlock()
				wantErr(t, "Lock", err, nil)
			})
			synctest.Wait()
			return nil
		})
		all.Wait()
		wantErr(t, "Drop", guard.DropAll(ctx, m, n), nil)
	})
}

// Two Drops of a Mutex, one of them inside a Borrow from before the value was given
// to it: the other does not keep what this one waits for.
func TestMutexDropBesideBorrower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		g := guard.New(1, guard.Nothing)
		var m *guard.Mutex[int]
		other := make(chan error, 1)
		g.Borrow(ctx, func(inner context.Context, _ int) error {
			m = guard.NewMutex(g)
			go func() { other <- m.Drop(ctx) }()
			synctest.Wait()
			wantErr(t, "Drop inside", m.Drop(inner), guard.ErrReentrant)
			return nil
		})
		wantErr(t, "Drop beside", <-other, nil)
		wantErr(t, "Err", g.Err(), nil)
	})
}
