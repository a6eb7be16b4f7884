package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// serveHTTP is a daemon that answers requests until it is asked to stop. It
// then closes the listener, and returns when the requests it has begun have
// been answered. They run in its context, which lives until its time to
// stop has run out, so a request that has begun is a request that ends.
func serveHTTP(l net.Listener, h http.Handler) func(context.Context) error {
	return func(ctx context.Context) error {
		server := &http.Server{
			Handler:           h,
			ReadHeaderTimeout: 5 * time.Second,
			BaseContext:       func(net.Listener) context.Context { return ctx },
		}
		return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			s.Go("accept", func(context.Context) error {
				if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
					return err
				}
				return nil
			})
			<-scope.Stopping(ctx) // or accepting has failed
			return guard.Shutdown(ctx, server)
		}, scope.WithName("http"))
	}
}
