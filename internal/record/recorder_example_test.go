package record_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ebb-go/ebb/internal/record"
)

// The life of a scope with one guard, as package scope records it.
func ExampleStart() {
	provider := new(tape) // any TracerProvider; this one draws what it has got
	ctx, r := record.Start(context.Background(), record.Config{
		Name: "orders", Path: "orders", Schedule: "waves", TracerProvider: provider, At: atMS(0),
	})
	ctx, t := r.Teardown(ctx, record.TeardownInfo{At: atMS(10), Waves: 1, Guards: 1, Schedule: "waves"})
	t.StartWave(0, 1, atMS(10))
	_, drop := t.Drop(ctx, record.DropInfo{Guard: "db", Type: "*sql.DB", Queued: atMS(10), Started: atMS(10)})
	drop.End(atMS(30), "ok", nil)
	t.EndWave(0, atMS(30))
	t.End(atMS(30), []string{"db"}, nil)
	r.End(atMS(30), "succeeded", nil)
	for _, s := range provider.spans {
		fmt.Println(s.name, s.ended.Sub(s.began))
	}
	// Output:
	// scope orders 30ms
	// teardown orders 20ms
	// wave 0 20ms
	// drop db 20ms
}

// Without a provider there is no recorder, and nothing needs to be asked for.
func ExampleRecorder() {
	ctx, r := record.Start(context.Background(), record.Config{Name: "orders"})
	_, span := r.Acquire(ctx, "db", "*sql.DB")
	span.End(nil)
	fmt.Println(r == nil, span == nil)
	// Output: true true
}

func ExampleConfig() {
	provider := new(tape)
	c := record.Config{Name: "sweep", Path: "sweep", TracerProvider: provider, Mode: record.LinkedRoot}
	ctx, _ := provider.Start(context.Background(), "request")
	record.Start(ctx, c)
	s := provider.spans[1]
	fmt.Println(s.name, "has a parent:", s.parent.IsValid(), "links:", len(s.links))
	// Output: scope sweep has a parent: false links: 1
}

func ExampleSpan() {
	provider := new(tape)
	ctx, r := record.Start(context.Background(), record.Config{Name: "orders", TracerProvider: provider})
	ctx, span := r.Acquire(ctx, "db", "*sql.DB") // open the guard on this ctx
	span.End(ctx.Err())
	fmt.Println(provider.spans[1].name, provider.spans[1].status)
	// Output: acquire db Unset
}

// Without waves, drops are children of the teardown.
func ExampleTeardown() {
	provider := new(tape)
	ctx, r := record.Start(context.Background(), record.Config{Name: "orders", TracerProvider: provider})
	ctx, t := r.Teardown(ctx, record.TeardownInfo{Schedule: "eager"})
	_, drop := t.Drop(ctx, record.DropInfo{Guard: "db"})
	drop.End(time.Now(), "ok", nil)
	t.End(time.Now(), nil, nil)
	td, d := provider.spans[1], provider.spans[2]
	fmt.Println(d.name, "in", td.name, d.parent.SpanID() == td.sc.SpanID())
	// Output: drop db in teardown orders true
}

func ExampleTeardownInfo() {
	provider := new(tape)
	ctx, r := record.Start(context.Background(), record.Config{TracerProvider: provider})
	r.Teardown(ctx, record.TeardownInfo{Waves: 2, Guards: 7, Grace: 20 * time.Second, Schedule: "waves"})
	fmt.Println(provider.spans[1].detail())
	// Output: grace_ms=20000 guards=7 scope.path= waves=2
}

// The first End wins: a drop that returns after its abandonment stays abandoned.
func ExampleDropSpan() {
	provider := new(tape)
	ctx, r := record.Start(context.Background(), record.Config{TracerProvider: provider})
	_, drop := r.Drop(ctx, record.DropInfo{Guard: "db"})
	drop.End(time.Now(), "abandoned", errors.New("still running after 5s"))
	drop.End(time.Now(), "ok", nil)
	s := provider.spans[1]
	fmt.Println(s.attrs["ebb.drop.outcome"].AsString(), s.text)
	// Output: abandoned still running after 5s
}

func ExampleDropInfo() {
	provider := new(tape)
	ctx, r := record.Start(context.Background(), record.Config{Path: "orders", TracerProvider: provider})
	r.Drop(ctx, record.DropInfo{
		Guard: "db", Type: "*sql.DB", Wave: 1, DependsOn: []string{"config"}, ReleasedBy: "api",
		Queued: atMS(0), Started: atMS(3),
	})
	s := provider.spans[1]
	fmt.Println(s.attrs["ebb.guard.released_by"].AsString(), s.attrs["ebb.drop.queued_ms"].AsInt64())
	// Output: api 3
}

func ExampleLeakCounter() {
	provider := new(gauge) // any MeterProvider
	count, err := record.LeakCounter(provider)
	if err != nil {
		fmt.Println(err)
		return
	}
	count(context.Background(), "*os.File")
	fmt.Println(provider.lines[0])
	// Output: ebb.guard.leaks 1 ebb.guard.type=*os.File
}
