package scope_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// closer is a resource that says when it is closed.
type closer string

func (c closer) Close() error {
	fmt.Println("close", string(c))
	return nil
}

func open(name string) func(context.Context) (closer, error) {
	return func(context.Context) (closer, error) { return closer(name), nil }
}

func ExampleRun() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		db, err := scope.Acquire(ctx, s, "db", open("db"), guard.Close)
		if err != nil {
			return err
		}
		_, err = scope.Acquire(ctx, s, "cache", func(ctx context.Context) (closer, error) {
			return "cache of " + db.Use(ctx), nil // so cache depends on db
		}, guard.Close)
		if err != nil {
			return err
		}
		s.Go("warm-up", func(context.Context) error {
			fmt.Println("warm")
			return nil
		})
		return nil
	}, scope.WithName("orders"))
	fmt.Println("error:", err)
	// Output:
	// warm
	// close cache of db
	// close db
	// error: <nil>
}

func ExampleRunValue() {
	n, err := scope.RunValue(context.Background(), func(ctx context.Context, s *scope.Scope) (int, error) {
		words := scope.Async(s, "words", func(context.Context) (int, error) { return 40, nil })
		n, err := words.Await(ctx)
		return n + 2, err
	})
	fmt.Println(n, err)
	// Output: 42 <nil>
}

func ExampleMain() {
	code := scope.Main(func(ctx context.Context, s *scope.Scope) error {
		// Runs until it returns, or a signal cancels ctx.
		return nil
	})
	fmt.Println("exit code", code) // os.Exit(code)
	// Output: exit code 0
}

func ExampleSignalError() {
	cause := error(&scope.SignalError{Signal: os.Interrupt})
	var sig *scope.SignalError
	if errors.As(cause, &sig) {
		fmt.Println(sig, sig.ExitCode())
	}
	// Output: signal: interrupt 130
}

func ExampleFrom() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		in, ok := scope.From(ctx)
		fmt.Println(in == s, ok)
		return nil
	})
	// Output: true true
}

func ExampleScope() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		fmt.Println(s.Path(), s.Context().Err())
		s.Cancel(errors.New("enough"))
		fmt.Println(s.TryGo("late", func(context.Context) error { return nil }))
		return ctx.Err()
	}, scope.WithName("orders"))
	fmt.Println(err)
	// Output:
	// orders <nil>
	// scope "orders": task "late": enough
	// enough
}

func ExampleScope_Child() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		session, err := s.Child("session")
		if err != nil {
			return err
		}
		if _, err := scope.Acquire(ctx, session, "conn", open("conn"), guard.Close); err != nil {
			return err
		}
		fmt.Println(session.Path())
		return session.Close(ctx)
	}, scope.WithName("gateway"))
	// Output:
	// gateway/session
	// close conn
}

func ExampleScope_Stop() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("batches", func(ctx context.Context) error {
			<-scope.Stopping(ctx)
			fmt.Println("finishing the batch, canceled:", ctx.Err() != nil)
			return nil
		})
		s.Stop(errors.New("deploy"))
		return nil
	})
	// Output: finishing the batch, canceled: false
}

func ExampleStopping() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("consumer", func(ctx context.Context) error {
			select {
			case <-scope.Stopping(ctx): // asked to stop, or canceled
				fmt.Println("stopping")
				return nil
			case <-time.After(time.Hour):
				return nil
			}
		})
		s.Stop(nil)
		return nil
	})
	// Output: stopping
}

func ExampleScope_Plan() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		drop := func(context.Context) error { return nil }
		db, _ := scope.Defer(s, "db", drop)
		_, _ = scope.Defer(s, "api", drop, scope.DependsOn(db))
		for k, wave := range s.Plan().Waves {
			fmt.Println("wave", k, wave[0].Name)
		}
		return nil
	})
	// Output:
	// wave 0 api
	// wave 1 db
}

func ExampleExitOf() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "tx", func(ctx context.Context) error {
			if exit := scope.ExitOf(ctx); exit.Kind != scope.Succeeded {
				fmt.Println("rollback:", exit.Kind, exit.Err)
				return nil
			}
			fmt.Println("commit")
			return nil
		})
		if err != nil {
			return err
		}
		return errors.New("no stock")
	})
	fmt.Println(err)
	// Output:
	// rollback: failed no stock
	// no stock
}

func ExampleExit() {
	var e scope.Exit
	fmt.Println(e.Kind, e.Err, e.Panic)
	// Output: succeeded <nil> <nil>
}

func ExampleExitKind() {
	for k := scope.Succeeded; k <= scope.Exited; k++ {
		fmt.Print(k, " ")
	}
	// Output: succeeded failed canceled panicked exited
}

func ExampleWithReport() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "db", func(context.Context) error { return nil })
		return err
	}, scope.WithName("orders"), scope.WithReport(func(r *trace.Report) {
		for _, e := range r.Entries {
			fmt.Println(r.Scope, r.Exit, e.Name, e.Outcome)
		}
	}))
	// Output: orders succeeded db ok
}
