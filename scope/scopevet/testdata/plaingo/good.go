package plaingo

import (
	"context"
	"net/http"
	"sync"

	"github.com/ebb-go/ebb/scope"
)

func good(ctx context.Context, srv *http.Server) error {
	go work(ctx) // outside of any scope
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		s.Go("task", work)
		go srv.ListenAndServe()

		var wg sync.WaitGroup
		wg.Add(1)
		go func() {
			defer wg.Done()
			work(ctx)
		}()
		wg.Wait()

		errs := make(chan error, 1)
		go func() { errs <- work(ctx) }()
		if err := <-errs; err != nil {
			return err
		}

		done := make(chan struct{})
		go func() {
			defer close(done)
			work(ctx)
		}()
		defer func() { <-done }()

		results := make(chan int)
		go func() {
			defer close(results)
			work(ctx)
		}()
		for range results {
		}

		n := 0
		go func() { n++ }()
		go func(ctx context.Context) { work(ctx) }(context.Background())
		return nil
	})
}

// A drop that gives up waiting leaves what it has waited for.
func drop(ctx context.Context, s *scope.Scope) error {
	_, err := scope.Defer(s, "flush", func(ctx context.Context) error {
		done := make(chan error, 1)
		go func() { done <- work(ctx) }()
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return err
}

// A helper is no function that ebb calls.
func helper(ctx context.Context) { go work(ctx) }
