package guard_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
)

var (
	randomSeed = flag.Uint64("random.seed", 0, "the one seed that TestRandom runs; 0 for new ones")
	randomRuns = flag.Int("random.runs", 150, "how many seeds TestRandom runs")
)

// TestRandom has several goroutines do random operations of the whole family on the
// same values, nested in each other, with contexts that end and such that do not, and
// with functions that fail, panic, exit and sleep. What holds whatever happens:
//
//   - Nothing hangs: the contexts of most calls never end, so a wait that is not
//     refused and never ends is a deadlock of the bubble.
//   - No value is dropped while it is borrowed or locked, nor used once it is dropped,
//     and one goroutine at a time has the lock.
//   - Every error is one that the package documents, or that a function returned.
//   - In the end everything can be dropped, and then each value has been dropped once
//     or was released; nothing is taken for forgotten.
func TestRandom(t *testing.T) {
	for run := range *randomRuns {
		seed := *randomSeed
		if seed == 0 {
			seed = rand.Uint64()
		}
		runRandom(t, seed, 3+run%4)
		if t.Failed() || *randomSeed != 0 {
			return
		}
	}
}

func runRandom(t *testing.T, seed uint64, actors int) {
	defer func() {
		if p := recover(); p != nil { // a deadlock
			t.Logf("seed %d", seed)
			panic(p)
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, seed: seed, rand: rand.New(rand.NewPCG(seed, 1))}
		w.live(actors, 40)
	})
}

// maxDepth is how deep the functions are nested.
const maxDepth = 3

// A thing is one value with what has become of it.
type thing struct {
	drops    atomic.Int32
	released atomic.Bool
	using    atomic.Int32 // functions that borrowed or locked it
	locked   atomic.Int32
}

// A world is all that one run has made.
type world struct {
	t    *testing.T
	seed uint64

	closing atomic.Bool // drop functions only drop from now on

	mu      sync.Mutex // protects the following
	rand    *rand.Rand
	things  []*thing
	guards  []*guard.Guard[*thing]
	shareds []*guard.Shared[*thing]
	weaks   []*guard.Weak[*thing]
	mutexes []*guard.Mutex[*thing]
	tables  []*guard.Table[int, *thing]
	lazies  []*guard.Lazy[*thing]
}

func (w *world) n(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rand.IntN(n)
}

func (w *world) errorf(format string, args ...any) {
	w.t.Helper()
	w.t.Errorf("seed %d: "+format, append([]any{w.seed}, args...)...)
}

// pick returns one of what is in pool, and nil if that is empty.
func pick[T any](w *world, pool *[]*T) *T {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(*pool) == 0 {
		return nil
	}
	return (*pool)[w.rand.IntN(len(*pool))]
}

func keep[T any](w *world, pool *[]*T, x *T) *T {
	w.mu.Lock()
	defer w.mu.Unlock()
	*pool = append(*pool, x)
	return x
}

// live runs actors, then drops everything and looks.
func (w *world) live(actors, ops int) {
	stop := guard.Track()
	var all sync.WaitGroup
	for range actors {
		all.Go(func() {
			for range ops {
				apart(func() { w.act(w.t.Context(), 0) })
			}
		})
	}
	all.Wait()
	w.closing.Store(true)
	time.Sleep(time.Hour) // for open functions that all have given up
	guard.DropAll(w.t.Context(), w.all()...)
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, v := range w.things {
		if n := v.drops.Load(); n > 1 || (n == 1) == v.released.Load() {
			w.errorf("value %d: %d drops, released %t", i, n, v.released.Load())
		}
	}
	if left := stop(); len(left) > 0 {
		w.errorf("taken for forgotten: %v", left)
	}
}

// all returns everything that has to be dropped. An open function that all have given
// up has ended by then, but nothing has waited for it: hence the lock.
func (w *world) all() (ds []guard.Dropper) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range w.lazies {
		ds = append(ds, d)
	}
	for _, d := range w.tables {
		ds = append(ds, d)
	}
	for _, d := range w.mutexes {
		ds = append(ds, d)
	}
	for _, d := range w.shareds {
		ds = append(ds, d)
	}
	for _, d := range w.guards {
		ds = append(ds, d)
	}
	return ds
}

// ctx returns a context that comes from ctx and mostly has no end.
func (w *world) ctx(ctx context.Context) (context.Context, context.CancelFunc) {
	switch w.n(8) {
	case 0:
		return context.WithTimeout(ctx, time.Duration(w.n(5))*time.Millisecond)
	case 1:
		return context.WithoutCancel(ctx), func() {}
	}
	return ctx, func() {}
}

// end is how a function of the user's ends.
func (w *world) end() error {
	switch w.n(12) {
	case 0:
		return errBody
	case 1:
		panic(boom)
	case 2:
		runtime.Goexit()
	}
	return nil
}

// busy is what a function does: it sleeps, does something else with its own context,
// and ends.
func (w *world) busy(ctx context.Context, depth int) error {
	time.Sleep(time.Duration(w.n(4)) * time.Millisecond)
	if depth < maxDepth && w.n(2) == 0 && !w.closing.Load() {
		w.act(ctx, depth+1)
	}
	return w.end()
}

// make returns a guard of a new value.
func (w *world) make(depth int) *guard.Guard[*thing] {
	v := keep(w, &w.things, new(thing))
	return guard.New(v, func(ctx context.Context, v *thing) error {
		if n := v.using.Load(); n > 0 {
			w.errorf("dropped under %d users", n)
		}
		if v.drops.Add(1) > 1 || v.released.Load() {
			w.errorf("dropped twice, or after its release")
		}
		return w.busy(ctx, depth+1)
	})
}

// use is a function that has borrowed v, or locked it.
func (w *world) use(depth int, locks bool) func(context.Context, *thing) error {
	return func(ctx context.Context, v *thing) error {
		v.using.Add(1)
		defer v.using.Add(-1)
		if locks {
			if v.locked.Add(1) > 1 {
				w.errorf("two have the lock")
			}
			defer v.locked.Add(-1)
		}
		defer func() {
			if v.drops.Load() > 0 {
				w.errorf("used after its drop")
			}
		}()
		return w.busy(ctx, depth)
	}
}

var documented = []error{errBody, boom, errDrop, guard.ErrGoexit, guard.ErrDropped, guard.ErrReleased, guard.ErrOwned, guard.ErrInUse,
	guard.ErrReentrant, guard.ErrShared, guard.ErrDuplicate, context.Canceled, context.DeadlineExceeded}

func (w *world) check(err error) {
	w.t.Helper()
	if err == nil {
		return
	}
	for _, known := range documented {
		if errors.Is(err, known) {
			return
		}
	}
	w.errorf("undocumented: %v", err)
}

// act does one random operation.
func (w *world) act(ctx context.Context, depth int) {
	ctx, cancel := w.ctx(ctx)
	defer cancel()
	g, s, m := pick(w, &w.guards), pick(w, &w.shareds), pick(w, &w.mutexes)
	table, l := pick(w, &w.tables), pick(w, &w.lazies)
	switch w.n(28) {
	case 0, 1:
		keep(w, &w.guards, w.make(depth))
	case 2, 3:
		w.check(g.Borrow(ctx, w.use(depth, false)))
	case 4:
		w.check(g.Drop(ctx))
	case 5:
		if v, err := g.Release(); err == nil {
			v.released.Store(true)
		} else {
			w.check(err)
		}
	case 6:
		if g != nil {
			keep(w, &w.guards, guard.Map(g, func(v *thing) *thing { w.end(); return v }))
		}
	case 7:
		if g != nil {
			keep(w, &w.shareds, guard.Share(g))
		}
	case 8:
		if c, err := s.Clone(); err == nil {
			keep(w, &w.shareds, c)
		} else {
			w.check(err)
		}
	case 9:
		w.check(s.Borrow(ctx, w.use(depth, false)))
	case 10:
		w.check(s.Drop(ctx))
	case 11:
		if g, err := s.Unshare(); err == nil {
			keep(w, &w.guards, g)
		} else {
			w.check(err)
		}
	case 12:
		keep(w, &w.weaks, s.Downgrade())
	case 13:
		if s, ok := pick(w, &w.weaks).Upgrade(); ok {
			keep(w, &w.shareds, s)
		}
	case 14:
		if g != nil {
			keep(w, &w.mutexes, guard.NewMutex(g))
		}
	case 15, 16:
		w.check(m.With(ctx, w.use(depth, true)))
	case 17: // a Lock belongs to no function, so nothing waits while it is held
		v, unlock, err := m.Lock(ctx)
		defer unlock()
		defer unlock() // twice is harmless
		if err == nil {
			w.use(maxDepth, true)(ctx, v)
		}
		w.check(err)
	case 18:
		if g, err := m.Unwrap(); err == nil {
			keep(w, &w.guards, g)
		} else {
			w.check(err)
		}
	case 19:
		w.check(m.Drop(ctx))
	case 20:
		if table == nil || w.n(4) == 0 {
			table = keep(w, &w.tables, guard.NewTable[int, *thing]())
		}
		if g != nil {
			w.check(table.TryInsert(w.n(5), g))
		}
	case 21:
		if g, ok := table.Take(w.n(5)); ok {
			keep(w, &w.guards, g)
		}
		for range table.All() {
			w.end()
		}
	case 22:
		w.check(table.Drop(ctx))
	case 23:
		keep(w, &w.lazies, guard.NewLazy(func(ctx context.Context) (*guard.Guard[*thing], error) {
			if err := w.busy(ctx, depth+1); err != nil {
				return nil, err
			}
			return w.make(depth), nil
		}))
	case 24:
		if h, err := l.Get(ctx); err == nil {
			keep(w, &w.shareds, h)
		} else {
			w.check(err)
		}
	case 25:
		w.check(l.Drop(ctx))
	case 26:
		open := func(ctx context.Context) (*guard.Guard[*thing], error) {
			if err := w.busy(ctx, depth+1); err != nil {
				return nil, err
			}
			return w.make(depth), nil
		}
		a, b, err := guard.Join2(ctx, open, open)
		w.check(err)
		if err == nil {
			keep(w, &w.guards, a)
			keep(w, &w.guards, b)
		}
	case 27:
		if g != nil && w.n(2) == 0 {
			_, err := guard.With(ctx, g, func(ctx context.Context, v *thing) (int, error) { return 0, w.busy(ctx, depth) })
			w.check(err)
			return
		}
		w.check(guard.DropAll(ctx, pick(w, &w.guards), s, l, nil))
	}
}
