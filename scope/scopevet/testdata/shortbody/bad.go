// Package shortbody has bodies that are too short.
package shortbody

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

func work(ctx context.Context) error { <-ctx.Done(); return nil }

func worker(name string) func(context.Context) error { return work }

func server(ctx context.Context, ready func(int)) error { ready(1); return work(ctx) }

func mistakeLiteral(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		if _, err := s.Daemon("worker", work); err != nil { // want `the body returns as soon as s.Daemon has started a daemon, which stops it: end the body with s.Wait\(ctx\)`
			return err
		}
		return nil
	})
}

func mistakeReturnsErr(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		_, err := s.Daemon("worker", work) // want `as soon as s.Daemon`
		return err
	})
}

func mistakeMain() {
	os.Exit(scope.Main(func(ctx context.Context, s *scope.Scope) error {
		_, err := s.Daemon("worker", work) // want `as soon as s.Daemon`
		if err != nil {
			return fmt.Errorf("worker: %w", err)
		}
		slog.Info("started")
		return nil
	}))
}

func mistakeBody(ctx context.Context, s *scope.Scope) error {
	_, err := s.Daemon("worker", work) // want `as soon as s.Daemon`
	if err != nil {
		return err
	}
	return nil
}

type app struct{ name string }

func (a *app) mistakeMethod(ctx context.Context, s *scope.Scope) error {
	if _, err := s.Daemon(a.name, work); err != nil { // want `as soon as s.Daemon`
		return err
	}
	return nil
}

func named(ctx context.Context, a *app) []error {
	return []error{scope.Run(ctx, mistakeBody), scope.Run(ctx, a.mistakeMethod), scope.Run(ctx, mistakeNoFix)}
}

func mistakeNoFix(_ context.Context, s *scope.Scope) error {
	_, _ = s.Daemon("worker", work) // want `as soon as s.Daemon`
	return nil
}

func mistakeStart(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		port, _, err := scope.Start(ctx, s, "server", server) // want `as soon as scope.Start`
		if err != nil {
			return err
		}
		fmt.Println("listening on", port)
		return nil
	})
}

func mistakeServe(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Serve(ctx, s, "server", func() error { return nil }, work) // want `as soon as scope.Serve`
		return err
	})
}

func mistakeHTTP(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		mux := http.NewServeMux()
		mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
		addr, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Handler: mux}) // want `as soon as scopehttp.Serve`
		if err != nil {
			return err
		}
		slog.Info("listening", "addr", addr)
		return nil
	})
}

func mistakeTwo(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		if _, err := s.Daemon("first", worker("first")); err != nil { // want `as soon as s.Daemon`
			return err
		}
		if _, err := s.Daemon("second", worker("second")); err != nil { // want `as soon as s.Daemon`
			return err
		}
		return nil
	})
}

func mistakeAfterGuard(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		db, err := scope.Acquire(ctx, s, "db", func(context.Context) (*app, error) { return &app{}, nil }, guard.Nothing)
		if err != nil {
			return err
		}
		_, err = s.Daemon("worker", worker(db.Value().name), scope.DependsOn(db)) // want `as soon as s.Daemon`
		return err
	})
}

func mistakeBeforeGuard(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		if _, err := s.Daemon("worker", work); err != nil { // want `as soon as s.Daemon`
			return err
		}
		if _, err := scope.Defer(s, "bye", work); err != nil {
			return err
		}
		return nil
	})
}

func mistakeOnePath(ctx context.Context, serve bool) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		if _, err := s.Daemon("worker", work); err != nil { // want `as soon as s.Daemon`
			return err
		}
		if !serve {
			return nil
		}
		return s.Wait(ctx)
	})
}

func mistakeLoop(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		for i := range 3 {
			if _, err := s.Daemon(fmt.Sprint("worker ", i), work); err != nil { // want `as soon as s.Daemon`
				return err
			}
		}
		return nil
	})
}

func mistakeChild(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		child, err := s.Child("session")
		if err != nil {
			return err
		}
		_, err = child.Daemon("worker", work) // want `as soon as child.Daemon`
		return err
	})
}

func mistakeOptions(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		_, err := s.Daemon("worker", work, scope.Graceful()) // want `as soon as s.Daemon`
		return err
	}, scope.WithName("service"))
}

func start(s *scope.Scope) error {
	_, err := s.Daemon("worker", work)
	return err
}

func mistakeHelper(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		if err := start(s); err != nil { // want `as soon as start has started a daemon`
			return err
		}
		return nil
	})
}

func mistakeValue(ctx context.Context) (int, error) {
	return scope.RunValue(ctx, func(ctx context.Context, s *scope.Scope) (int, error) {
		_, err := s.Daemon("worker", work) // want `as soon as s.Daemon`
		if err != nil {
			return 0, err
		}
		return 1, nil
	})
}

func mistakeSelect(ctx context.Context, events <-chan int) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		_, err := s.Daemon("worker", work) // want `as soon as s.Daemon`
		if err != nil {
			return err
		}
		select {
		case n := <-events:
			fmt.Println(n)
		default:
		}
		return nil
	})
}

// A method of an interface may wait.
func mistakeInterface(ctx context.Context, log interface{ Log(string) }) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		if _, err := s.Daemon("worker", work); err != nil {
			return err
		}
		log.Log("started")
		return nil
	})
}
