package guard_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/ebb-go/ebb/guard"
)

// A Drop of a half-made Lazy cancels open with ErrDropped, waits for it, and drops
// what it has made all the same. The calls that wait return at the same time.
func TestLazyDropHalfMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, openings := newLazy(false)
		a := get(t.Context(), l)
		dropped := make(chan error, 1)
		go func() { dropped <- l.Drop(t.Context()) }()
		synctest.Wait()
		o := <-openings
		wantErr(t, "open's cause", context.Cause(o.ctx), guard.ErrDropped)
		wantErr(t, "open's cause", context.Cause(o.ctx), context.Canceled)
		select {
		case <-dropped:
			t.Error("Drop did not wait for open")
		default:
		}
		wantErr(t, "Get", second(l.Get(t.Context())), guard.ErrDropped)
		drop, calls := counted(errDrop)
		o.succeed(guard.New(7, drop))
		wantErr(t, "Drop", <-dropped, errDrop)
		wantErr(t, "waiting Get", (<-a).err, guard.ErrDropped)
		if calls.Load() != 1 {
			t.Errorf("%d drops", calls.Load())
		}
	})
}

// The error of an open that Drop has canceled is returned by the calls that wait.
func TestLazyDropHalfMadeFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, openings := newLazy(false)
		a := get(t.Context(), l)
		dropped := make(chan error, 1)
		go func() { dropped <- l.Drop(t.Context()) }()
		synctest.Wait()
		failed := errors.New("failed halfway")
		(<-openings).fail(failed)
		wantErr(t, "Drop", <-dropped, nil)
		err := (<-a).err
		wantErr(t, "waiting Get", err, guard.ErrDropped)
		wantErr(t, "waiting Get", err, failed)
	})
}

func TestLazyNeverOpened(t *testing.T) {
	l, openings := newLazy(true)
	wantErr(t, "Drop", l.Drop(t.Context()), nil)
	wantErr(t, "Get", second(l.Get(t.Context())), guard.ErrDropped)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	other, _ := newLazy(true)
	wantErr(t, "Get with a ctx that is over", second(other.Get(ctx)), context.Canceled)
	if len(openings) != 0 {
		t.Error("opened for nobody")
	}
}

// What no call wants is dropped, and a drop that panics or exits leaves
// no call waiting: the next Get opens again, and Drop returns its error.
func TestLazyUnwantedDropUnwinds(t *testing.T) {
	for name, end := range map[string]func(){"panics": func() { panic(errDrop) }, "exits": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				unwinds := func(context.Context, int) error { end(); return nil }
				l, openings := newLazy(false)
				impatient, giveUp := context.WithCancel(t.Context())
				a := get(impatient, l)
				giveUp()
				wantErr(t, "gave up", (<-a).err, context.Canceled)
				(<-openings).succeed(guard.New(7, unwinds))
				b := get(t.Context(), l)
				(<-openings).succeed(guard.New(8, guard.Nothing))
				h := (<-b).h
				h.Drop(t.Context())
				want := map[string]error{"panics": errDrop, "exits": guard.ErrGoexit}[name]
				wantErr(t, "Drop", l.Drop(t.Context()), want)
			})
		})
	}
}

// A lateCtx is over, but Done closes too late to be seen.
type lateCtx struct {
	context.Context
	over atomic.Bool
}

func (c *lateCtx) Err() error {
	if c.over.Load() {
		return context.Canceled
	}
	return nil
}

// A Get that has only waited for the end of what no call wants, and whose ctx is over
// by then, does not begin another attempt.
func TestLazyDoesNotOpenForThoseWhoGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, openings := newLazy(false)
		impatient, giveUp := context.WithCancel(t.Context())
		a := get(impatient, l)
		giveUp()
		<-a
		late := &lateCtx{Context: t.Context()}
		b := get(late, l)
		(<-openings).succeed(guard.New(7, func(context.Context, int) error { late.over.Store(true); return nil }))
		synctest.Wait()
		if len(openings) != 0 {
			(<-openings).fail(errBody)
			t.Error("opened for nobody")
		}
		wantErr(t, "Get", (<-b).err, context.Canceled)
		l.Drop(t.Context())
	})
}
