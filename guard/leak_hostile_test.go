package guard_test

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"weak"

	"github.com/ebb-go/ebb/guard"
)

// A leak function may do what it likes: the process lives, the other functions are
// called for every leak, and what did not return is logged once.
func TestHostileLeakFunctions(t *testing.T) {
	release := make(chan struct{})
	var restoreSelf func()
	for _, c := range []struct {
		name   string
		report func(guard.Leak)
		logged string // once
	}{
		{"panics", func(guard.Leak) { panic("boom") }, "error=\"panic: boom\""},
		{"panics with nil", func(guard.Leak) { panic(nil) }, "error=\"panic: panic called with nil"},
		{"exits", func(guard.Leak) { runtime.Goexit() }, "error=\"runtime.Goexit was called\""},
		{"blocks", func(guard.Leak) { <-release }, ""},
		{"calls back", func(guard.Leak) {
			guard.OnLeak(func(guard.Leak) {})()
			guard.Track()()
			guard.New(1, guard.Nothing).Drop(t.Context())
			runtime.GC()
			restoreSelf()
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := &lockedBuffer{written: make(chan string, 1000)}
			old := slog.Default()
			slog.SetDefault(slog.New(slog.NewTextHandler(log, nil)))
			defer slog.SetDefault(old)
			called := make(chan struct{}, 100)
			of := func(report func(guard.Leak)) func(guard.Leak) {
				return func(l guard.Leak) {
					if strings.HasPrefix(l.Name, t.Name()) { // not of another test
						report(l)
					}
				}
			}
			restoreSelf = guard.OnLeak(of(func(l guard.Leak) {
				called <- struct{}{}
				c.report(l)
			}))
			defer restoreSelf()
			for i := range 3 {
				collect(t, 1, func() { guard.New(1, guard.Nothing, guard.Name(t.Name())) })
				if i == 0 || c.logged != "" { // the one that blocks and the one that restores itself are called once
					<-called
				}
			}
			if c.logged == "" {
				return
			}
			// A leak that is logged stands behind all that has been logged before.
			restoreSelf()
			onOwnStack(func() { guard.New(1, guard.Nothing, guard.Name("the last")) })
			runtime.GC()
			n := 0
			for text := range log.written {
				if strings.Contains(text, c.logged) && strings.Contains(text, t.Name()) {
					n++
				}
				if strings.Contains(text, "the last") {
					break
				}
			}
			if n != 1 {
				t.Errorf("%q was logged %d times", c.logged, n)
			}
		})
	}
	close(release)
}

// A log handler that panics or exits takes nothing with it either.
func TestHostileLogHandler(t *testing.T) {
	old := slog.Default()
	defer slog.SetDefault(old)
	for name, do := range map[string]func(){"panics": func() { panic("boom") }, "exits": runtime.Goexit} {
		written := make(chan struct{}, 100)
		slog.SetDefault(slog.New(slog.NewTextHandler(writerFunc(func() { written <- struct{}{}; do() }), nil)))
		for range 2 {
			onOwnStack(func() { guard.New(1, guard.Nothing, guard.Name(t.Name()+" "+name)) })
			runtime.GC()
			<-written
		}
	}
}

type writerFunc func()

func (f writerFunc) Write(p []byte) (int, error) { f(); return len(p), nil }

// Restoring works in any order, from several goroutines, and more than once.
func TestRestoreInAnyOrder(t *testing.T) {
	const n = 8
	found := make(chan int, 100)
	restores := make([]func(), n)
	for i := range restores {
		restores[i] = guard.OnLeak(func(l guard.Leak) {
			if l.Name == t.Name() {
				found <- i
			}
		})
	}
	defer restores[3]()
	var wg sync.WaitGroup
	for i, restore := range restores {
		if i != 3 {
			wg.Go(restore)
			wg.Go(restore)
		}
	}
	wg.Wait()
	collect(t, 1, func() { guard.New(1, guard.Nothing, guard.Name(t.Name())) })
	if i := <-found; i != 3 || len(found) != 0 {
		t.Errorf("function %d was called, and %d others", i, len(found))
	}
}

// A value that leads back to what holds it is collected with that, and reported,
// whatever it is held by. A Weak that the program keeps does not change that.
func TestValueThatHoldsItsHandle(t *testing.T) {
	ctx := t.Context()
	type value struct{ me any }
	for _, c := range []struct {
		name string
		want string // the type that is reported begins so
		hold func(v *value, g *guard.Guard[*value])
	}{
		{"Guard", "*guard_test.value", func(v *value, g *guard.Guard[*value]) { v.me = g }},
		{"mapped", "func()", func(v *value, g *guard.Guard[*value]) {
			v.me = guard.Map(g, func(v *value) func() { return func() { v.me = nil } })
		}},
		{"mapped while borrowed", "*guard_test.value", func(v *value, g *guard.Guard[*value]) {
			g.Borrow(ctx, func(ctx context.Context, v *value) error {
				v.me = []any{ctx, guard.Map(g, func(v *value) *value { return v })}
				return nil
			})
		}},
		{"Shared", "*guard.Shared[", func(v *value, g *guard.Guard[*value]) { v.me = guard.Share(g) }},
		{"clone", "*guard.Shared[", func(v *value, g *guard.Guard[*value]) {
			h := guard.Share(g)
			v.me, _ = h.Clone()
			h.Drop(ctx)
		}},
		{"upgraded", "*guard.Shared[", func(v *value, g *guard.Guard[*value]) {
			h := guard.Share(g)
			w := h.Downgrade()
			up, _ := w.Upgrade()
			v.me = []any{up, w}
			h.Drop(ctx)
		}},
		{"Shared beside a Weak that is kept", "*guard.Shared[", func(v *value, g *guard.Guard[*value]) {
			h := guard.Share(g)
			v.me, kept = h, h.Downgrade()
		}},
		{"unshared", "*guard_test.value", func(v *value, g *guard.Guard[*value]) { v.me, _ = guard.Share(g).Unshare() }},
		{"Mutex", "*guard_test.value", func(v *value, g *guard.Guard[*value]) {
			m := guard.NewMutex(g)
			_, unlock, _ := m.Lock(ctx)
			v.me = []any{m, unlock}
		}},
		{"Table", "*guard_test.value", func(v *value, g *guard.Guard[*value]) {
			table := guard.NewTable[int, *value]()
			table.TryInsert(1, g)
			v.me = table
		}},
		{"key of a Table", "*guard_test.value", func(v *value, g *guard.Guard[*value]) {
			table := guard.NewTable[any, *value]()
			table.TryInsert(table, g)
			v.me = table
		}},
		{"Result", "*guard_test.value", func(v *value, g *guard.Guard[*value]) { v.me = guard.Try(g, nil) }},
		{"Lazy", "*guard_test.value", func(v *value, g *guard.Guard[*value]) {
			var l *guard.Lazy[*value]
			l = guard.NewLazy(func(ctx context.Context) (*guard.Guard[*value], error) {
				v.me = []any{ctx, l}
				return g, nil
			})
			h, _ := l.Get(ctx)
			h.Drop(ctx)
		}},
		{"handle of a Lazy", "*guard.Shared[", func(v *value, g *guard.Guard[*value]) {
			l := guard.NewLazy(func(ctx context.Context) (*guard.Guard[*value], error) { return g, nil })
			v.me, _ = l.Get(ctx)
			l.Drop(ctx)
		}},
		{"drop that could not begin", "*guard.Shared[", func(v *value, g *guard.Guard[*value]) {
			h := guard.Share(g)
			h.Borrow(ctx, func(ctx context.Context, v *value) error {
				v.me = h
				return h.Drop(ctx) // ErrReentrant: the handle still owes the drop
			})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stop := guard.Track() // it keeps nothing either
			defer stop()
			var w weak.Pointer[value]
			l := collect(t, 1, func() {
				v := new(value)
				w = weak.Make(v)
				c.hold(v, guard.New(v, guard.Nothing, guard.Name(t.Name())))
			})[0]
			if !strings.HasPrefix(l.Type, c.want) {
				t.Errorf("%s was reported, want %s", l.Type, c.want)
			}
			runtime.GC()
			if w.Value() != nil {
				t.Error("the value has not been collected")
			}
		})
	}
	kept = nil
}

var kept any // keeps what it holds from being collected
