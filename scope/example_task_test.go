package scope_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/ebb-go/ebb/scope"
)

func ExampleScope_Go() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("fails", func(context.Context) error { return errors.New("boom") })
		s.Go("sibling", func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx) // an echo of the failure, which is left out
		})
		return nil
	}, scope.WithName("x"))
	fmt.Println(err)
	// Output: scope "x": task "fails": boom
}

func ExampleScope_Daemon() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, _ = scope.Defer(s, "db", says("db"))
		_, err := s.Daemon("consumer", func(ctx context.Context) error {
			<-ctx.Done() // its turn has come: after the tasks, before what it uses
			fmt.Println("consumer ends")
			return ctx.Err()
		})
		s.Go("task", func(context.Context) error {
			fmt.Println("task ends")
			return nil
		})
		return err
	})
	// Output:
	// task ends
	// consumer ends
	// drop db
}

func ExampleDaemon() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		d, err := s.Daemon("poller", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		if err != nil {
			return err
		}
		fmt.Println(d.Name(), d.Drop(ctx)) // stops it now
		return nil
	})
	// Output: poller <nil>
}

func ExampleGraceful() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, err := s.Daemon("server", func(ctx context.Context) error {
			<-scope.Stopping(ctx)
			fmt.Println("finishing, canceled:", ctx.Err() != nil)
			return nil
		}, scope.Graceful())
		return err
	})
	// Output: finishing, canceled: false
}

func ExampleStart() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		port, _, err := scope.Start(ctx, s, "server", func(ctx context.Context, ready func(int)) error {
			ready(8080) // Start returns
			<-ctx.Done()
			return ctx.Err()
		})
		fmt.Println(port, err)
		_, _, err = scope.Start(ctx, s, "broken", func(context.Context, func(int)) error {
			return errors.New("port in use")
		})
		fmt.Println(err)
		return nil
	}, scope.WithName("x"))
	// Output:
	// 8080 <nil>
	// scope "x": start "broken": ended before it was ready: port in use
}

func ExampleAsync() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		price := scope.Async(s, "price", func(context.Context) (int, error) { return 40, nil })
		tax := scope.Async(s, "tax", func(context.Context) (int, error) { return 2, nil })
		p, err := price.Await(ctx)
		if err != nil {
			return err
		}
		t, err := tax.Await(ctx)
		fmt.Println(p + t)
		return err
	})
	// Output: 42
}

// A bounded pool: at most two at once, and the results in the order of the input. The
// first failure cancels the rest.
func ExampleAsync_pool() {
	words := []string{"acquire", "use", "drop", "report"}
	lengths, err := scope.RunValue(context.Background(), func(ctx context.Context, s *scope.Scope) ([]int, error) {
		var tasks []*scope.Task[int]
		for _, word := range words {
			tasks = append(tasks, scope.Async(s, "measure", func(context.Context) (int, error) { return len(word), nil }))
		}
		var lengths []int
		for _, task := range tasks {
			n, err := task.Await(ctx)
			if err != nil {
				return nil, err
			}
			lengths = append(lengths, n)
		}
		return lengths, nil
	}, scope.WithTaskLimit(2))
	fmt.Println(lengths, err)
	// Output: [7 3 4 6] <nil>
}

func ExampleTask() {
	var task *scope.Task[string]
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		task = scope.Async(s, "t", func(context.Context) (string, error) { return "done", nil })
		return nil
	})
	fmt.Println(task.Await(context.Background())) // also after the scope has closed
	// Output: done <nil>
}

func ExampleRace() {
	v, err := scope.Race(context.Background(),
		func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() }, // canceled and joined
		func(context.Context) (string, error) { return "", errors.New("mirror is down") },
		func(context.Context) (string, error) { return "from the second mirror", nil },
	)
	fmt.Println(v, err)
	// Output: from the second mirror <nil>
}

func ExampleAll() {
	vs, err := scope.All(context.Background(),
		func(context.Context) (int, error) { return 1, nil },
		func(context.Context) (int, error) { return 2, nil },
	)
	fmt.Println(vs, err)
	// Output: [1 2] <nil>
}

func ExampleWithSupervisor() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		for _, name := range []string{"a", "b"} {
			s.Go(name, func(context.Context) error { return errors.New(name + " failed") })
		}
		return nil
	}, scope.WithSupervisor(), scope.WithName("x"))
	fmt.Println(err)
	// Output: scope "x": task "a": a failed; scope "x": task "b": b failed
}

func ExampleWithTaskLimit() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		release := make(chan struct{})
		s.Go("one", func(context.Context) error { <-release; return nil })
		err := s.TryGo("two", func(context.Context) error { return nil })
		fmt.Println(errors.Is(err, scope.ErrBusy))
		close(release)
		return nil
	}, scope.WithTaskLimit(1))
	// Output: true
}

func ExampleTaskError() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("import", func(context.Context) error { return errors.New("bad row") })
		return nil
	}, scope.WithName("x"))
	var t *scope.TaskError
	if errors.As(err, &t) {
		fmt.Println(t.Scope, t.Task, t.Err)
	}
	// Output: x import bad row
}

func ExampleStoppingContext() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("consumer", func(ctx context.Context) error {
			// A library that takes a context and no channel.
			poll, cancel := scope.StoppingContext(ctx)
			defer cancel()
			<-poll.Done()
			fmt.Println("no further message:", context.Cause(poll))
			fmt.Println("what was begun can end:", ctx.Err())
			return nil
		})
		s.Stop(errors.New("deploy"))
		return nil
	})
	// Output:
	// no further message: deploy
	// what was begun can end: <nil>
}

func ExampleScope_Submit() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		for _, job := range []string{"a", "b"} {
			if err := s.Submit(ctx, job, func(context.Context) error { fmt.Println("job", job); return nil }); err != nil {
				return err
			}
		}
		s.Stop(errors.New("deploy"))
		fmt.Println(s.Submit(ctx, "c", func(context.Context) error { return nil }))
		return nil
	}, scope.WithName("pool"), scope.WithTaskLimit(1))
	// Unordered output:
	// job a
	// job b
	// scope "pool": task "c": deploy
}

func ExampleScope_Wait() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("admin", func(context.Context) error { s.Stop(errors.New("asked over HTTP")); return nil })
		return s.Wait(ctx) // until the service is asked to stop
	})
	fmt.Println(err)
	// Output: <nil>
}
