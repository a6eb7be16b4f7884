package guard_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ebb-go/ebb/guard"
)

// One example for each behaviour of the AsyncDrop family that guards answer to. The
// suffix is its name there.

// A Spool drops itself.
type Spool struct{ pages int }

func (s *Spool) Drop(ctx context.Context) error {
	if s.pages > 0 {
		return fmt.Errorf("%d pages are unprinted", s.pages)
	}
	return nil
}

// A value may know how to drop itself, but no type has to.
func ExampleDropper_asyncDropTrait() {
	ctx := context.Background()
	fmt.Println(guard.Of(&Spool{pages: 3}).Drop(ctx))
	fmt.Println(guard.New(&DB{"orders"}, guard.Close).Drop(ctx))
	// Output:
	// 3 pages are unprinted
	// close orders
	// <nil>
}

func ExampleGuard_asyncDropGuard() {
	ctx := context.Background()
	g := guard.New(&Spool{pages: 3}, func(ctx context.Context, s *Spool) error { return s.Drop(ctx) })
	fmt.Println(g.Dropped(), g.Drop(ctx))
	fmt.Println(g.Dropped(), g.Drop(ctx))
	<-g.Done()
	fmt.Println(g.Err())
	// Output:
	// false 3 pages are unprinted
	// true <nil>
	// 3 pages are unprinted
}

func ExampleGuard_Release_unsafeIntoInnerDontDrop() {
	g := openDB("orders")
	db, err := g.Release()
	fmt.Println(db.name, err)
	fmt.Println(g.Drop(context.Background())) // it no longer owes anything
	// Output:
	// orders <nil>
	// <nil>
}

func ExampleMap_mapUnsafe() {
	g := guard.Map(openDB("orders"), func(db *DB) fmt.Stringer { return time.Duration(len(db.name)) })
	fmt.Println(g.Value())
	g.Drop(context.Background()) // the clean-up is kept
	// Output:
	// 6ns
	// close orders
}

// A Service has two members to drop. An early failure does not forget the rest.
type Service struct{ spools [2]*guard.Guard[*Spool] }

func (s *Service) Drop(ctx context.Context) error {
	return guard.DropAll(ctx, s.spools[0], s.spools[1])
}

func ExampleDropAll_compositeTypes() {
	s := guard.Of(&Service{[2]*guard.Guard[*Spool]{guard.Of(&Spool{1}), guard.Of(&Spool{2})}})
	fmt.Println(s.Drop(context.Background()))
	// Output: 1 pages are unprinted; 2 pages are unprinted
}

func ExampleDropAll_joinOfDrops() {
	over := make(chan struct{})
	slow := guard.New(1, func(context.Context, int) error {
		<-over
		return errors.New("slow, but first")
	})
	quick := guard.New(2, func(context.Context, int) error {
		defer close(over)
		panic("quick")
	})
	fmt.Println(guard.DropAll(context.Background(), slow, nil, quick))
	// Output: slow, but first; panic: quick
}

func ExampleWith_withAsyncDrop() {
	g := guard.Of(&Spool{pages: 3})
	n, err := guard.With(context.Background(), g, func(ctx context.Context, s *Spool) (int, error) {
		return s.pages, errors.New("out of paper")
	})
	fmt.Println(n, err)
	// Output: 3 out of paper; 3 pages are unprinted
}

func ExampleKeepOnSuccess_cleanUpOnEachExitPath() {
	open := func(ctx context.Context, version int) (_ *guard.Guard[*DB], err error) {
		db := openDB(fmt.Sprint("v", version))
		defer guard.KeepOnSuccess(ctx, db, &err)
		if version < 2 {
			return nil, errors.New("too old")
		}
		return db, nil
	}
	ctx := context.Background()
	_, err := open(ctx, 1)
	fmt.Println(err)
	db, err := open(ctx, 2)
	fmt.Println(db.Value().name, err)
	db.Drop(ctx)
	// Output:
	// close v1
	// too old
	// v2 <nil>
	// close v2
}

func ExampleJoin2_flattenAsyncDrop() {
	db, cache, err := guard.Join2(context.Background(),
		func(context.Context) (*guard.Guard[*DB], error) { return openDB("orders"), nil },
		func(context.Context) (*guard.Guard[*Spool], error) { return nil, errors.New("no cache") })
	fmt.Println(db, cache, err)
	// Output:
	// close orders
	// <nil> <nil> no cache
}

func ExampleShared_asyncDropArc() {
	ctx := context.Background()
	a := guard.Share(guard.Of(&Spool{pages: 3}))
	b, _ := a.Clone()
	fmt.Println(a.Drop(ctx), b.Refs())
	fmt.Println(a.Drop(ctx), b.Refs()) // counts once
	fmt.Println(b.Drop(ctx), b.Refs())
	<-a.Done()
	fmt.Println(a.Err()) // a former holder gets it too
	// Output:
	// <nil> 1
	// <nil> 1
	// 3 pages are unprinted 0
	// 3 pages are unprinted
}

func ExampleShare() {
	ctx := context.Background()
	db := openDB("orders")
	s := guard.Share(db)
	_, err := db.Get()
	fmt.Println(s.Value().name, err)
	s.Drop(ctx)
	// Output:
	// orders guard: the guard belongs to an owner, which uses and drops it
	// close orders
}

func ExampleWeak_asyncDropWeak() {
	ctx := context.Background()
	s := guard.Share(openDB("orders"))
	w := s.Downgrade()
	if other, ok := w.Upgrade(); ok {
		fmt.Println("use", other.Value().name)
		other.Drop(ctx)
	}
	s.Drop(ctx)
	_, ok := w.Upgrade()
	fmt.Println(ok)
	// Output:
	// use orders
	// close orders
	// false
}

func ExampleMutex_asyncDropTokioMutex() {
	ctx := context.Background()
	m := guard.NewMutex(openDB("orders"))
	db, unlock, err := m.Lock(ctx)
	fmt.Println(db.name, err)

	impatient, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	_, _, err = m.Lock(impatient)
	fmt.Println(err)

	unlock()
	fmt.Println(m.Drop(ctx))
	_, _, err = m.Lock(ctx)
	fmt.Println(err)
	// Output:
	// orders <nil>
	// context deadline exceeded
	// close orders
	// <nil>
	// guard: the value has been dropped
}

func ExampleNewMutex() {
	ctx := context.Background()
	count := guard.NewMutex(guard.New(new(int), guard.Func(func(n *int) { fmt.Println("flush", *n) })))
	for range 3 {
		count.With(ctx, func(_ context.Context, n *int) error { *n++; return nil })
	}
	count.Drop(ctx)
	// Output: flush 3
}

func ExampleTable_asyncDropHashMap() {
	ctx := context.Background()
	table := guard.NewTable[string, *Spool]()
	fmt.Println(table.TryInsert("letters", guard.Of(&Spool{1})))
	rejected := guard.Of(&Spool{2})
	fmt.Println(table.TryInsert("letters", rejected))
	fmt.Println(table.TryInsert("posters", guard.Of(&Spool{3})))

	fmt.Println(table.Drop(ctx))
	fmt.Println(rejected.Drop(ctx)) // it stayed with the caller
	// Output:
	// <nil>
	// guard: the key is taken
	// <nil>
	// key letters: 1 pages are unprinted; key posters: 3 pages are unprinted
	// 2 pages are unprinted
}

func ExampleNewTable() {
	table := guard.NewTable[int, string]()
	table.TryInsert(1, guard.New("one", guard.Nothing))
	v, ok := table.Get(1)
	fmt.Println(v, ok, table.Len())
	table.Drop(context.Background())
	_, ok = table.Get(1)
	fmt.Println(ok, table.Len())
	// Output:
	// one true 1
	// false 0
}

func ExampleResult_asyncDropResult() {
	ctx := context.Background()
	ok := guard.Try(openDB("orders"), nil)
	failed := guard.Try[*DB](nil, errors.New("no such host"))
	for _, r := range []*guard.Result[*DB]{ok, failed} {
		_, err := r.Get()
		fmt.Println(err)
	}
	guard.DropAll(ctx, ok, failed)
	// Output:
	// <nil>
	// no such host
	// close orders
}

func ExampleTry() {
	open := func() (*guard.Guard[*DB], error) { return openDB("orders"), nil }
	r := guard.Try(open())
	defer r.Drop(context.Background())
	db, err := r.Get()
	fmt.Println(db.name, err)
	// Output:
	// orders <nil>
	// close orders
}

func ExampleLazy_asyncDropShared() {
	ctx := context.Background()
	l := guard.NewLazy(func(context.Context) (*guard.Guard[*DB], error) {
		fmt.Println("open")
		return openDB("orders"), nil
	})
	a, _ := l.Get(ctx)
	b, _ := l.Get(ctx)
	fmt.Println(a.Value() == b.Value(), a.Refs())
	guard.DropAll(ctx, l, a)
	fmt.Println("one is left")
	b.Drop(ctx)
	// Output:
	// open
	// true 3
	// one is left
	// close orders
}

func ExampleLazy_maybeInitialized() {
	ctx := context.Background()
	l := guard.NewLazy(func(context.Context) (*guard.Guard[*DB], error) {
		fmt.Println("never printed")
		return openDB("orders"), nil
	})
	fmt.Println(l.Drop(ctx)) // not opened to be closed
	_, err := l.Get(ctx)
	fmt.Println(err)
	// Output:
	// <nil>
	// guard: the value has been dropped
}

func ExampleLazy_Done() {
	ctx := context.Background()
	l := guard.NewLazy(func(context.Context) (*guard.Guard[*DB], error) { return openDB("orders"), nil })
	h, _ := l.Get(ctx)
	h.Drop(ctx)
	l.Drop(ctx)
	<-l.Done()
	fmt.Println("done")
	// Output:
	// close orders
	// done
}

func ExampleNewLazy() {
	ctx := context.Background()
	attempts := 0
	l := guard.NewLazy(func(context.Context) (*guard.Guard[*DB], error) {
		if attempts++; attempts == 1 {
			return nil, errors.New("no such host")
		}
		return openDB("orders"), nil
	})
	defer l.Drop(ctx)
	_, err := l.Get(ctx)
	fmt.Println(err)
	db, err := l.Get(ctx) // tries again
	fmt.Println(db.Value().name, err)
	db.Drop(ctx)
	// Output:
	// no such host
	// orders <nil>
	// close orders
}

// Clean-up runs on a panic too, and the panic goes on.
func ExampleWith_panicsDoNotSkipCleanUp() {
	defer func() { fmt.Println("recovered", recover()) }()
	guard.With(context.Background(), openDB("orders"), func(context.Context, *DB) (int, error) {
		panic("boom")
	})
	// Output:
	// close orders
	// recovered boom
}

// A canceled context does not reach the drop.
func ExampleWith_cancellationInTheMiddle() {
	ctx, cancel := context.WithCancel(context.Background())
	g := guard.New(1, func(ctx context.Context, _ int) error {
		fmt.Println("the drop's context:", ctx.Err())
		return nil
	})
	_, err := guard.With(ctx, g, func(ctx context.Context, _ int) (int, error) {
		cancel()
		return 0, ctx.Err()
	})
	fmt.Println(err)
	// Output:
	// the drop's context: <nil>
	// context canceled
}
