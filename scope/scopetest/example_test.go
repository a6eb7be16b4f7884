package scopetest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopetest"
	"github.com/ebb-go/ebb/trace"
)

// In a test, t is the test's own; examples have none.
func ExampleNew() {
	synctest.Test(new(testing.T), func(t *testing.T) {
		st := scopetest.New(t, scope.WithGrace(20*time.Second))
		db := st.Guard("db")
		api := st.Guard("api", db) // api depends on db
		st.Exit()
		api.WantDropping()
		db.WantIdle()
		fmt.Println(api, "-", db)
		api.Finish(nil)
		db.WantDropping()
		fmt.Println(api, "-", db)
	})
	// Output:
	// guard "api" dropping - guard "db" idle
	// guard "api" ended - guard "db" dropping
}

// What one drop that hangs does to the exit of a service.
func ExampleTester() {
	synctest.Test(new(testing.T), func(t *testing.T) {
		st := scopetest.New(t, scope.WithName("orders"), scope.WithDropTimeout(10*time.Second))
		db := st.Guard("db")
		cache := st.Guard("cache", db)
		cache.Hang()
		db.FinishAfter(2*time.Second, nil)
		st.Exit()
		st.WantErr(scope.ErrAbandoned)
		st.WantOutcome("cache", "abandoned")
		st.WantOutcome("db", "ok")
		st.WantOrder("cache", "db")
		st.WantWithin(13 * time.Second) // 10 s, a tenth of it, and 2 s
		for _, e := range st.Report().Entries {
			fmt.Println(e.Name, e.Outcome, "after", e.Took())
		}
	})
	// Output:
	// cache abandoned after 11s
	// db ok after 2s
}

// A stand-in ends how and when the test says.
func ExampleStandIn() {
	synctest.Test(new(testing.T), func(t *testing.T) {
		st := scopetest.New(t)
		st.Guard("fails").Finish(errors.New("no route to host"))
		st.Guard("panics").FinishPanic("index out of range")
		st.Guard("is slow").FinishAfter(3*time.Second, nil)
		st.Task("job").FinishWhenAsked()
		st.Exit()
		st.Interrupt(nil) // and the task is asked
		fmt.Println(st.Err())
	})
	// Output:
	// scope "scope": drop "fails" (wave 0): no route to host; scope "scope": drop "panics" (wave 0): panic: index out of range
}

// A program that opens its scope itself is handed stand-ins for what it uses.
func ExampleNewStandIn() {
	serve := func(ctx context.Context, closeDB func(context.Context) error) error {
		return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			_, err := scope.Defer(s, "db", closeDB, scope.DropTimeout(time.Second))
			return err
		}, scope.WithName("orders"))
	}
	synctest.Test(new(testing.T), func(t *testing.T) {
		db := scopetest.NewStandIn(t, "db")
		db.FinishAfter(time.Minute, nil)
		fmt.Println(serve(t.Context(), db.Drop))
		db.WantEnded()
	})
	// Output:
	// scope "orders": drop "db" (wave 0): scope "orders": drop "db" took longer than 1s
}

// service is a program under test: api -> cache -> db, and a log.
func service(ctx context.Context, opts ...scope.Option) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		open := func(name string, took time.Duration, deps ...scope.Node) *scope.Handle[struct{}] {
			h, err := scope.Defer(s, name, func(context.Context) error {
				time.Sleep(took)
				return nil
			}, scope.DependsOn(deps...))
			if err != nil {
				panic(err)
			}
			return h
		}
		db := open("db", time.Second)
		cache := open("cache", 3*time.Second, db)
		open("api", time.Second, cache)
		open("log", 0)
		return nil
	}, opts...)
}

// serviceReport runs the service in a test and returns the report of its exit.
func serviceReport(t *testing.T) (r *trace.Report) {
	if err := service(t.Context(), scope.WithReport(func(got *trace.Report) { r = got })); err != nil {
		t.Fatal(err)
	}
	return r
}

func ExampleWantOrder() {
	synctest.Test(new(testing.T), func(t *testing.T) {
		scopetest.WantOrder(t, serviceReport(t), "api", "cache", "db")
		fmt.Println("in order:", !t.Failed())
	})
	// Output: in order: true
}

func ExampleWantWaves() {
	synctest.Test(new(testing.T), func(t *testing.T) {
		scopetest.WantWaves(t, serviceReport(t), [][]string{{"api", "log"}, {"cache"}, {"db"}})
		fmt.Println("as meant:", !t.Failed())
	})
	// Output: as meant: true
}

func ExampleWantOutcome() {
	synctest.Test(new(testing.T), func(t *testing.T) {
		scopetest.WantOutcome(t, serviceReport(t), "cache", "ok")
		fmt.Println("as meant:", !t.Failed())
	})
	// Output: as meant: true
}

func ExampleWantWithin() {
	synctest.Test(new(testing.T), func(t *testing.T) {
		scopetest.WantWithin(t, serviceReport(t), 5*time.Second)
		fmt.Println("in time:", !t.Failed())
	})
	// Output: in time: true
}

func ExampleWantClean() {
	synctest.Test(new(testing.T), func(t *testing.T) {
		scopetest.WantClean(t, serviceReport(t))
		fmt.Println("clean:", !t.Failed())
	})
	// Output: clean: true
}

// The edges of a program, without its exit.
func ExampleWantPlan() {
	synctest.Test(new(testing.T), func(t *testing.T) {
		st := scopetest.New(t)
		db := st.Guard("db")
		st.Guard("api", db)
		st.Guard("log")
		st.Daemon("consumer") // a daemon depends on all guards there are
		scopetest.WantPlan(t, st.Scope().Plan(), [][]string{{"consumer"}, {"api", "log"}, {"db"}})
		fmt.Println("as meant:", !t.Failed())
	})
	// Output: as meant: true
}

// The database of a test outlives its parallel subtests. In a test, t is the test's own.
func ExampleOpen() {
	t := &printing{TB: new(testing.T)}
	s := scopetest.Open(t, scope.WithName("fixtures"))
	if _, err := scope.Defer(s, "db", func(context.Context) error { return errors.New("still in use") }); err != nil {
		t.Fatal(err)
	}
	t.end()
	// Output: scopetest: the scope that lives as long as the test has ended with: scope "fixtures": drop "db" (wave 0): still in use
}

// printing is a test that prints how it fails, for examples, which have no test.
type printing struct {
	testing.TB
	cleanup func()
}

func (p *printing) Helper()                   {}
func (p *printing) Name() string              { return "Test" }
func (p *printing) Context() context.Context  { return context.Background() }
func (p *printing) Output() io.Writer         { return io.Discard }
func (p *printing) Cleanup(f func())          { p.cleanup = f }
func (p *printing) Errorf(f string, a ...any) { fmt.Printf(f+"\n", a...) }
func (p *printing) Failed() bool              { return false }
func (p *printing) end()                      { p.cleanup() }
