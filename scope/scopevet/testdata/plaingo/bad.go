// Package plaingo starts goroutines for which no scope waits.
package plaingo

import (
	"context"
	"sync"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

type cache struct{ ctx context.Context }

func (*cache) Close() error                  { return nil }
func (*cache) refresh(context.Context) error { return nil }

func work(context.Context) error { return nil }

func use(...any) {}

func mistakeCall(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		go work(ctx) // want `the goroutine uses ctx, and the scope does not wait for it: start it with Go`
		return s.Wait(ctx)
	})
}

func mistakeLiteral(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		go func() { // want `uses ctx`
			work(ctx)
		}()
		return s.Wait(ctx)
	})
}

func mistakeScope(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		go func() { // want `uses s`
			time.Sleep(time.Second)
			s.Cancel(nil)
		}()
		return s.Wait(ctx)
	})
}

func mistakeScopeArgument(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		go use(s) // want `uses s`
		return nil
	})
}

func mistakeMethodOfScope(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		go s.Stop(nil) // want `uses s`
		return nil
	})
}

func mistakeArgument(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		go func(ctx context.Context) { work(ctx) }(ctx) // want `uses ctx`
		return nil
	})
}

func mistakeDerived(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		go func() { // want `uses short`
			work(short)
		}()
		return nil
	})
}

func mistakeReturns(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		go func() { // want `uses ctx`
			if work(ctx) != nil {
				return
			}
		}()
		return nil
	})
}

func mistakeHandle(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		c, err := scope.Acquire(ctx, s, "cache", open, guard.Close)
		if err != nil {
			return err
		}
		go func() { // want `uses c`
			c.Value().Close()
		}()
		return nil
	})
}

func open(ctx context.Context) (*cache, error) {
	c := &cache{}
	go c.refresh(ctx) // want `uses ctx`
	return c, nil
}

func mistakeInOpen(ctx context.Context, s *scope.Scope) error {
	_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*cache, error) {
		c := &cache{}
		go c.refresh(ctx) // want `uses ctx`
		return c, nil
	}, guard.Close)
	return err
}

func mistakeInTask(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		s.Go("task", func(ctx context.Context) error {
			go work(ctx) // want `uses ctx`
			return nil
		})
		return nil
	})
}

func mistakeInDaemon(s *scope.Scope, events chan int) error {
	_, err := s.Daemon("consumer", func(ctx context.Context) error {
		for range events {
			go work(ctx) // want `uses ctx`
		}
		return nil
	})
	return err
}

func mistakeBody(ctx context.Context, s *scope.Scope) error {
	go func() { // want `uses ctx`
		work(ctx)
	}()
	return s.Wait(ctx)
}

func bodies(ctx context.Context) error { return scope.Run(ctx, mistakeBody) }

func mistakeChild(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		child, err := s.Child("session")
		if err != nil {
			return err
		}
		go child.Close(context.Background()) // want `uses child`
		return nil
	})
}

func mistakeSelect(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		errs := make(chan error, 1)
		go func() { errs <- work(ctx) }() // want `uses ctx`
		select {
		case err := <-errs:
			return err
		case <-ctx.Done():
			return nil
		}
	})
}

func mistakeNoWait(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		var wg sync.WaitGroup
		wg.Add(1)
		go func() { // want `uses ctx`
			defer wg.Done()
			work(ctx)
		}()
		return nil
	})
}

func mistakeOuter(ctx context.Context) error {
	return scope.Run(ctx, func(outer context.Context, s *scope.Scope) error {
		s.Go("task", func(context.Context) error {
			go work(outer) // want `uses outer`
			return nil
		})
		return nil
	})
}

func mistakeInHelperLiteral(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		start := func() {
			go work(ctx) // want `uses ctx`
		}
		start()
		return nil
	})
}

func mistakeMain() int {
	return scope.Main(func(ctx context.Context, s *scope.Scope) error {
		go func() { // want `uses ctx`
			<-ctx.Done()
		}()
		return nil
	})
}

// A context in a structure is not followed.
func mistakeInStruct(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		c := &cache{ctx: ctx}
		go c.refresh(c.ctx)
		return nil
	})
}

func mistakeInHelper(ctx context.Context, s *scope.Scope) {
	go work(ctx) // want `uses ctx`
}

func helps(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		mistakeInHelper(ctx, s)
		return nil
	})
}
