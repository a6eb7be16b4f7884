package scope_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/metric/noop"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// says is a drop that prints its name.
func says(name string) func(context.Context) error {
	return func(context.Context) error {
		fmt.Println("drop", name)
		return nil
	}
}

func ExampleAcquire() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		file, err := scope.Acquire(ctx, s, "journal", open("journal"), guard.Close)
		if err != nil {
			return err
		}
		fmt.Println(file.Name(), file.Value())
		return nil
	})
	// Output:
	// journal journal
	// close journal
}

func ExampleAcquireAll() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		var db, queue *scope.Handle[closer]
		err := scope.AcquireAll(ctx, s, func(ctx context.Context) (err error) {
			db, err = scope.Acquire(ctx, s, "db", open("db"), guard.Close)
			return err
		}, func(ctx context.Context) (err error) {
			queue, err = scope.Acquire(ctx, s, "queue", open("queue"), guard.Close)
			return err
		})
		if err != nil {
			return err
		}
		fmt.Println(db.Value(), queue.Value())
		return s.Depend(queue, db)
	})
	// Output:
	// db queue
	// close queue
	// close db
}

func ExampleRegister() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		g := guard.New(closer("socket"), guard.Close)
		h, err := scope.Register(s, "socket", g)
		if err != nil {
			return err
		}
		fmt.Println(h.Value())
		return nil
	})
	// Output:
	// socket
	// close socket
}

func ExampleDefer() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "flush", says("flush"))
		fmt.Println("body")
		return err
	})
	// Output:
	// body
	// drop flush
}

func ExampleLazy() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		model := scope.Lazy(s, "model", func(context.Context) (closer, error) {
			fmt.Println("load")
			return "model", nil
		}, guard.Close)
		for range 2 {
			m, err := model.Use(ctx)
			fmt.Println(m, err)
		}
		return nil
	})
	// Output:
	// load
	// model <nil>
	// model <nil>
	// close model
}

func ExampleLazyHandle() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		l := scope.Lazy(s, "never", open("never"), guard.Close)
		_, err := scope.Defer(s, "user", says("user"), scope.DependsOn(l)) // it orders its neighbours all the same
		return err
	})
	// Output: drop user
}

func ExampleOpenAll() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		db := scope.Lazy(s, "db", open("db"), guard.Close)
		api := scope.Lazy(s, "api", func(ctx context.Context) (closer, error) {
			db, err := db.Use(ctx)
			return "api on " + db, err
		}, guard.Close)
		return scope.OpenAll(ctx, api, db)
	})
	// Output:
	// close api on db
	// close db
}

func ExampleOpener() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		all := []scope.Opener{
			scope.Lazy(s, "numbers", func(context.Context) (int, error) { return 1, nil }, guard.Nothing),
			scope.Lazy(s, "words", func(context.Context) (string, error) { return "a", nil }, guard.Nothing),
		}
		err := scope.OpenAll(ctx, all...)
		fmt.Println(all[0].Name(), all[1].Name(), err)
		return err
	})
	// Output: numbers words <nil>
}

func ExampleHandle() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		h, err := scope.Acquire(ctx, s, "db", open("db"), guard.Close)
		if err != nil {
			return err
		}
		err = h.Borrow(ctx, func(ctx context.Context, db closer) error { // the drop waits for this
			fmt.Println("query", db)
			return nil
		})
		fmt.Println(err, h.Drop(ctx), h.Drop(ctx)) // the second does nothing
		return nil
	})
	// Output:
	// query db
	// close db
	// <nil> <nil> <nil>
}

func ExampleHandle_DropTree() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		db, _ := scope.Defer(s, "db", says("db"))
		_, _ = scope.Defer(s, "api", says("api"), scope.DependsOn(db))
		fmt.Println(db.Drop(ctx))
		return db.DropTree(ctx)
	}, scope.WithName("x"))
	// Output:
	// scope "x": drop "db": "db" is in use by "api"
	// drop api
	// drop db
}

func ExampleHandle_Release() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		h, err := scope.Acquire(ctx, s, "conn", open("conn"), guard.Close)
		if err != nil {
			return err
		}
		conn, err := h.Release() // ours to close now
		fmt.Println(conn, err)
		return nil
	})
	// Output: conn <nil>
}

func ExampleHandle_MoveTo() {
	_ = scope.Run(context.Background(), func(ctx context.Context, pool *scope.Scope) error {
		err := scope.Run(ctx, func(ctx context.Context, request *scope.Scope) error {
			h, err := scope.Acquire(ctx, request, "conn", open("conn"), guard.Close)
			if err != nil {
				return err
			}
			_, err = h.MoveTo(pool) // it outlives the request
			return err
		})
		fmt.Println("request has ended")
		return err
	})
	// Output:
	// request has ended
	// close conn
}

func ExampleNode() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		db, _ := scope.Defer(s, "db", says("db"))
		session, _ := s.Child("session")
		nodes := []scope.Node{db, session} // guards, lazies, daemons and children
		_, err := scope.Defer(s, "api", says("api"), scope.DependsOn(nodes...))
		return err
	})
	// Output:
	// drop api
	// drop db
}

func ExampleDependsOn() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		db, _ := scope.Defer(s, "db", says("db"))
		_, err := scope.Defer(s, "api", says("api"), scope.DependsOn(db))
		return err
	})
	// Output:
	// drop api
	// drop db
}

func ExampleAlsoDependsOn() {
	var metrics *scope.Handle[struct{}] // switched off: a nil node is left out
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, _ = scope.Defer(s, "db", says("db"))
		started := make(chan struct{})
		worker, _ := s.Daemon("worker", func(ctx context.Context) error {
			close(started)
			<-ctx.Done()
			fmt.Println("worker ends")
			return nil
		})
		_, err := s.Daemon("server", func(ctx context.Context) error {
			<-ctx.Done()
			fmt.Println("server ends")
			return nil
		}, scope.AlsoDependsOn(worker, metrics)) // beside db, which the scope holds already
		<-started
		return err
	})
	// Output:
	// server ends
	// worker ends
	// drop db
}

func ExampleDaemon_Done() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		db, _ := scope.Defer(s, "db", says("db"))
		imports, _ := s.Daemon("import", func(ctx context.Context) error {
			fmt.Println("import ends")
			return nil
		})
		<-imports.Done()
		return db.Drop(ctx) // no longer in use
	})
	// Output:
	// import ends
	// drop db
}

func ExampleDropTimeout() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "db", func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}, scope.DropTimeout(10*time.Millisecond))
		return err
	}, scope.WithName("x"))
	var timeout *scope.DropTimeoutError
	fmt.Println(errors.As(err, &timeout), timeout)
	// Output: true scope "x": drop "db" took longer than 10ms
}

func ExampleHold() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		db, _ := scope.Defer(s, "db", says("db"))
		_, err := scope.Defer(s, "writer", func(context.Context) error { select {} },
			scope.DependsOn(db), scope.DropTimeout(10*time.Millisecond), scope.Hold())
		return err
	})
	var d *scope.DropError
	for _, err := range unwrap(err) {
		if errors.As(err, &d) {
			fmt.Println(d.Guard, d.Outcome)
		}
	}
	// Output:
	// writer abandoned
	// db skipped
}

func unwrap(err error) []error { return err.(interface{ Unwrap() []error }).Unwrap() }

func ExampleGuardOption() {
	critical := []scope.GuardOption{scope.Hold(), scope.DropTimeout(time.Second)}
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "db", says("db"), critical...)
		return err
	})
	// Output: drop db
}

func ExampleCountLeaks() {
	restore, err := scope.CountLeaks(noop.NewMeterProvider())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer restore()
	fmt.Println("forgotten guards are counted")
	// Output: forgotten guards are counted
}
