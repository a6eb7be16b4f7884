package shortbody

import (
	"context"
	"sync"
	"time"

	"github.com/ebb-go/ebb/scope"
)

func bodies(ctx context.Context, events <-chan int, serve func(context.Context) error) []error {
	daemon := func(s *scope.Scope) error { _, err := s.Daemon("worker", work); return err }
	return []error{
		scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			if _, err := s.Daemon("worker", work); err != nil {
				return err
			}
			return s.Wait(ctx)
		}),
		scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			if _, err := s.Daemon("worker", work); err != nil {
				return err
			}
			<-ctx.Done()
			return nil
		}),
		scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			if _, err := s.Daemon("worker", work); err != nil {
				return err
			}
			select {
			case <-events:
			case <-scope.Stopping(ctx):
			}
			return nil
		}),
		scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			if _, err := s.Daemon("worker", work); err != nil {
				return err
			}
			for range events {
			}
			return nil
		}),
		scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			if _, err := s.Daemon("worker", work); err != nil {
				return err
			}
			s.Go("batch", work) // the scope waits for it
			return nil
		}),
		scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			s.Go("batch", work)
			_, err := s.Daemon("worker", work)
			return err
		}),
		scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			d, err := s.Daemon("worker", work)
			if err != nil {
				return err
			}
			<-d.Done()
			return nil
		}),
		scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			if err := start(s); err != nil {
				return err
			}
			return serve(ctx)
		}),
		scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			if _, err := s.Daemon("worker", work); err != nil {
				return err
			}
			time.Sleep(time.Second)
			return nil
		}),
		scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			var wg sync.WaitGroup
			defer wg.Wait()
			_, err := s.Daemon("worker", work)
			return err
		}),
		scope.Run(ctx, func(ctx context.Context, outer *scope.Scope) error {
			err := scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				_, err := outer.Daemon("worker", work) // it goes on with outer
				return err
			})
			if err != nil {
				return err
			}
			return outer.Wait(ctx)
		}),
		scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			if _, err := s.Daemon("worker", work); err != nil {
				return nil
			}
			return serveAll(ctx, s)
		}),
		scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			return daemon(s)
		}),
		scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			tasks(s)
			_, err := s.Daemon("worker", work)
			return err
		}),
	}
}

func tasks(s *scope.Scope) { s.Go("task", work) }

func serveAll(ctx context.Context, s *scope.Scope) error {
	<-ctx.Done()
	return nil
}
