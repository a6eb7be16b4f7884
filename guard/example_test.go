package guard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/ebb-go/ebb/guard"
)

// A DB stands for what a program has to close.
type DB struct{ name string }

func (db *DB) Close() error {
	fmt.Println("close", db.name)
	return nil
}

// openDB is how a program opens one.
func openDB(name string) *guard.Guard[*DB] {
	return guard.New(&DB{name}, guard.Close, guard.Name(name))
}

func Example() {
	ctx := context.Background()
	db := guard.New(&DB{"orders"}, guard.Close)
	fmt.Println("use", db.Value().name)
	fmt.Println(db.Drop(ctx))
	fmt.Println(db.Drop(ctx)) // does nothing

	_, err := db.Get()
	fmt.Println(err)
	// Output:
	// use orders
	// close orders
	// <nil>
	// <nil>
	// guard: the value has been dropped
}

func ExampleNew() {
	type Batch []string
	flush := func(ctx context.Context, b *Batch) error {
		fmt.Println("flush", *b)
		return ctx.Err()
	}
	g := guard.New(&Batch{"a", "b"}, flush)
	fmt.Println(g.Drop(context.Background()))
	// Output:
	// flush [a b]
	// <nil>
}

func ExampleOf() {
	// A table of guards is a Dropper, so a guard can hold it.
	table := guard.NewTable[string, *DB]()
	table.TryInsert("eu", openDB("orders-eu"))
	g := guard.Of(table)
	fmt.Println(g.Value().Len())
	g.Drop(context.Background())
	// Output:
	// 1
	// close orders-eu
}

func ExampleGuard_Borrow() {
	ctx := context.Background()
	db := openDB("orders")
	dropped := make(chan error)
	err := db.Borrow(ctx, func(ctx context.Context, v *DB) error {
		go func() { dropped <- db.Drop(context.Background()) }() // waits
		fmt.Println("use", v.name)
		return nil
	})
	fmt.Println(err, <-dropped)
	// Output:
	// use orders
	// close orders
	// <nil> <nil>
}

func ExampleGuard_Drop() {
	db := openDB("orders")
	ctx, cancel := context.WithTimeout(context.Background(), 0)
	defer cancel()
	err := db.Borrow(context.Background(), func(context.Context, *DB) error {
		return db.Drop(ctx)
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, guard.ErrInUse), errors.Is(err, context.DeadlineExceeded))
	fmt.Println(db.Drop(context.Background())) // nothing uses it now
	// Output:
	// guard: the value is in use and not dropped: context deadline exceeded
	// true true
	// close orders
	// <nil>
}

func ExampleGuard_Value() {
	db := openDB("orders")
	db.Drop(context.Background())
	defer func() {
		err := recover().(error)
		fmt.Println(errors.Is(err, guard.ErrDropped))
		text, _, _ := strings.Cut(err.Error(), " at ") // the file and line of the Drop
		fmt.Println(text)
	}()
	db.Value()
	// Output:
	// close orders
	// true
	// guard: Value of "orders" (*guard_test.DB): the value has been dropped
}

func ExampleClose() {
	r := io.NopCloser(strings.NewReader("text"))
	fmt.Println(guard.New(r, guard.Close).Drop(context.Background()))
	// Output: <nil>
}

// A Server serves until it is shut down, with a request that hangs.
type Server struct{}

func (Server) Shutdown(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
func (Server) Close() error                       { return errors.New("1 connection was cut off") }

func ExampleShutdown() {
	g := guard.New(Server{}, guard.Shutdown)
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	fmt.Println(g.Drop(ctx))
	// Output: context deadline exceeded; 1 connection was cut off
}

func ExampleStop() {
	ticker := guard.New(time.NewTicker(time.Hour), guard.Stop)
	fmt.Println(ticker.Drop(context.Background()))
	// Output: <nil>
}

func ExampleFunc() {
	unsubscribe := func(topic string) { fmt.Println("unsubscribe from", topic) }
	g := guard.New("orders", guard.Func(unsubscribe))
	g.Drop(context.Background())
	// Output: unsubscribe from orders
}

func ExampleNothing() {
	config := guard.New(map[string]int{"port": 8080}, guard.Nothing)
	fmt.Println(config.Drop(context.Background()))
	// Output: <nil>
}

func ExampleShared_Unshare() {
	s := guard.Share(openDB("orders"))
	other, _ := s.Clone()
	_, err := other.Unshare()
	fmt.Println(err)
	db, err := s.Unshare() // other is used up: this is the last one
	fmt.Println(db.Value().name, err)
	db.Drop(context.Background())
	// Output:
	// guard: the value has other holders
	// orders <nil>
	// close orders
}

func ExampleMutex_Unwrap() {
	ctx := context.Background()
	m := guard.NewMutex(openDB("orders"))
	db, err := m.Unwrap()
	fmt.Println(db.Value().name, err)
	_, _, err = m.Lock(ctx)
	fmt.Println(err)
	db.Drop(ctx)
	// Output:
	// orders <nil>
	// guard: the value has been released
	// close orders
}

func ExampleTable_Take() {
	table := guard.NewTable[string, *DB]()
	table.TryInsert("eu", openDB("orders-eu"))
	table.TryInsert("us", openDB("orders-us"))
	if db, ok := table.Take("eu"); ok {
		db.Drop(context.Background())
	}
	for region, db := range table.All() {
		fmt.Println("left:", region, db.name)
	}
	table.Drop(context.Background())
	// Output:
	// close orders-eu
	// left: us orders-us
	// close orders-us
}

func ExampleKeyError() {
	table := guard.NewTable[string, int]()
	table.TryInsert("eu", guard.New(1, func(context.Context, int) error { return errors.New("unplugged") }))
	err := table.Drop(context.Background())
	var key *guard.KeyError
	if errors.As(err, &key) {
		fmt.Println(key.Key, "is", key.Err)
	}
	fmt.Println(err)
	// Output:
	// eu is unplugged
	// key eu: unplugged
}

func ExampleJoin3() {
	open := func(name string) func(context.Context) (*guard.Guard[*DB], error) {
		return func(context.Context) (*guard.Guard[*DB], error) { return openDB(name), nil }
	}
	ctx := context.Background()
	orders, users, stock, err := guard.Join3(ctx, open("orders"), open("users"), open("stock"))
	fmt.Println(orders.Value().name, users.Value().name, stock.Value().name, err)
	guard.DropLimit(ctx, 1, orders, users, stock)
	// Output:
	// orders users stock <nil>
	// close orders
	// close users
	// close stock
}

func ExampleDropLimit() {
	guard.DropLimit(context.Background(), 1, openDB("a"), openDB("b"), openDB("c"))
	// Output:
	// close a
	// close b
	// close c
}

func ExamplePanicError() {
	g := guard.New(1, func(context.Context, int) error { panic("no such table") })
	err := g.Drop(context.Background())
	var p *guard.PanicError
	fmt.Println(errors.As(err, &p), err)
	// Output: true panic: no such table
}

func ExampleOnLeak() {
	leaks := make(chan guard.Leak)
	restore := guard.OnLeak(func(l guard.Leak) {
		if l.Name == "forgotten" {
			leaks <- l
		}
	})
	defer restore()

	done := make(chan struct{})
	go func() {
		defer close(done)
		guard.New(&DB{}, guard.Close, guard.Name("forgotten"))
	}()
	<-done
	runtime.GC()
	l := <-leaks
	fmt.Println(l.Name, l.Type, strings.Contains(l.Site, "example_test.go:"))
	// Output: forgotten *guard_test.DB true
}

func ExampleLeak() {
	l := guard.Leak{Name: "orders", Type: "*sql.DB", Site: "main.go:12"}
	fmt.Printf("%s (%s) of %s was forgotten\n", l.Name, l.Type, l.Site)
	// Output: orders (*sql.DB) of main.go:12 was forgotten
}

func ExampleTrack() {
	stop := guard.Track()
	orders, users := openDB("orders"), openDB("users")
	orders.Drop(context.Background())
	for _, l := range stop() {
		fmt.Println(l.Name, "was not dropped")
	}
	users.Drop(context.Background())
	// Output:
	// close orders
	// users was not dropped
	// close users
}

func ExampleName() {
	stop := guard.Track()
	g := guard.New(1, guard.Nothing, guard.Name("orders"))
	fmt.Println(stop()[0].Name)
	g.Drop(context.Background())
	// Output: orders
}

func ExampleOption() {
	thorough := []guard.Option{guard.Name("orders"), guard.StackDepth(8)}
	stop := guard.Track()
	g := guard.New(1, guard.Nothing, thorough...)
	l := stop()[0]
	fmt.Println(l.Name, strings.Contains(l.Stack, "ExampleOption"))
	g.Drop(context.Background())
	// Output: orders true
}

// A function that makes guards for its callers says where those called it.
func ExampleCallerSkip() {
	newConn := func() *guard.Guard[string] {
		return guard.New("conn", guard.Nothing, guard.CallerSkip(1), guard.StackDepth(2))
	}
	stop := guard.Track()
	conn := newConn()
	fmt.Println(strings.Contains(stop()[0].Stack, "ExampleCallerSkip.func"))
	conn.Drop(context.Background())
	// Output: false
}

func ExampleStackDepth() {
	stop := guard.Track()
	none := guard.New(1, guard.Nothing, guard.StackDepth(0))
	two := guard.New(2, guard.Nothing, guard.StackDepth(2))
	for _, l := range stop() {
		fmt.Println(l.Site != "", strings.Count(l.Stack, "example_test.go:"))
	}
	guard.DropAll(context.Background(), none, two)
	// Output:
	// false 0
	// true 1
}
