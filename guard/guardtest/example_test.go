package guardtest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/guard/guardtest"
	"go.uber.org/multierr"
)

// run stands for go test: it runs a test and prints what that reports.
func run(test func(t testing.TB)) {
	t := new(recorder)
	t.ctx, t.cancel = context.WithCancel(context.Background())
	test(t)
	t.end()
	for _, text := range t.errors {
		fmt.Println(text)
	}
}

// The guard is dropped when the test has ended, on a context that lives: the
// test's own is canceled by then.
func ExampleOwn_syncDrop() {
	run(func(t testing.TB) {
		db := guardtest.Own(t, guard.New("db", func(ctx context.Context, _ string) error {
			fmt.Println("drop:", ctx.Err())
			return errors.New("connection reset")
		}))
		fmt.Println("use", db.Value())
	})
	// Output:
	// use db
	// drop: <nil>
	// guardtest: drop *guard.Guard[string]: connection reset
}

func ExampleCheck() {
	run(func(t testing.TB) {
		guardtest.Check(t)
		guardtest.Own(t, guard.New(1, guard.Nothing, guard.Name("kept")))
		guard.New(2, guard.Nothing, guard.Name("forgotten"), guard.StackDepth(0))
	})
	// Output: guardtest: guard "forgotten" of int was not dropped
}

// A Log is flushed when it is dropped, or so it should be.
type Log struct{ err error }

func (l *Log) Close() error { return nil } // loses l.err

func ExampleVerify() {
	full := errors.New("disk full")
	err := guardtest.Verify(context.Background(), guard.Close, guardtest.Contract[*Log]{
		Open: func(context.Context) (*Log, error) { return new(Log), nil },
		Failing: func(context.Context) (*Log, error, error) {
			return &Log{err: full}, full, nil
		},
	})
	fmt.Println(err)
	// Output: rule "error" is broken: the drop returned <nil>, want disk full; a drop that fails returns the error, or one that wraps it
}

func ExampleRun() {
	var t *testing.T // from the test
	test := func() {
		guardtest.Run(t, guard.Close, guardtest.Contract[*Log]{
			Open:       func(context.Context) (*Log, error) { return new(Log), nil },
			Idempotent: true,
			Virtual:    true,
		})
	}
	fmt.Println(test != nil)
	// Output: true
}

func ExampleContract() {
	// What else is needed to check that a second Close is harmless, and that
	// Close does not stumble over what its constructor left half made.
	c := guardtest.Contract[*Log]{
		Open:       func(context.Context) (*Log, error) { return new(Log), nil },
		Idempotent: true,
		Partial:    func(context.Context) (*Log, error) { return nil, nil },
	}
	fmt.Println(guardtest.Verify(context.Background(), guard.Close, c))
	// Output: <nil>
}

func ExampleRuleError() {
	err := guardtest.Verify(context.Background(), guard.Stop, guardtest.Contract[stuck]{
		Open: func(context.Context) (stuck, error) { return stuck{}, nil },
		Held: func(stuck) bool { return true },
	})
	for _, err := range multierr.Errors(err) {
		var broken *guardtest.RuleError
		if errors.As(err, &broken) {
			fmt.Printf("%s: %v\n", broken.Rule, broken.Err)
		}
	}
	// Output:
	// drops: the value has not been given up
	// goroutines: the value has not been given up
	// context over: the value has not been given up
}

type stuck struct{}

func (stuck) Stop() {}
