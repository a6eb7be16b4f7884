package deafdrop

import (
	"context"
	"net"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

func good(ctx context.Context, s *scope.Scope, q *queue, conns []net.Conn, conn net.Conn) {
	must(scope.Acquire(ctx, s, "a", open, guard.Close))
	must(scope.Defer(s, "b", func(ctx context.Context) error {
		for !q.Empty() {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Millisecond):
			}
		}
		return nil
	}))
	must(scope.Defer(s, "c", func(ctx context.Context) error {
		for ctx.Err() == nil && !q.Empty() {
			time.Sleep(time.Millisecond)
		}
		return ctx.Err()
	}))
	must(scope.Defer(s, "d", func(ctx context.Context) error {
		for {
			if err := q.Flush(ctx); err == nil {
				return nil
			}
		}
	}))
	must(scope.Defer(s, "e", func(ctx context.Context) error {
		gone := ctx.Done()
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		select {
		case <-q.done:
		case <-gone:
		}
		select {
		case <-q.done:
		case <-short.Done():
		}
		return nil
	}))
	must(scope.Defer(s, "f", func(context.Context) error {
		for _, c := range conns {
			c.Close()
		}
		for i := 0; i < len(conns); i++ {
			conns[i] = nil
		}
		select {
		case <-q.done:
		default:
		}
		<-q.done
		return nil
	}))
	must(scope.Defer(s, "g", func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, func() { conn.Close() })
		defer stop()
		for {
			if _, err := conn.Read(nil); err != nil {
				return err
			}
		}
	}))
	must(scope.Defer(s, "h", func(ctx context.Context) error {
		if deadline, ok := ctx.Deadline(); ok {
			conn.SetDeadline(deadline)
		}
		for {
			if _, err := conn.Read(nil); err != nil {
				return err
			}
		}
	}))
	must(scope.Defer(s, "i", func(ctx context.Context) error {
		go func() {
			for !q.Empty() {
				time.Sleep(time.Second)
			}
			close(q.done)
		}()
		select {
		case <-q.done:
		case <-ctx.Done():
		}
		return nil
	}))
	must(s.Daemon("no drop", func(ctx context.Context) error {
		for {
			if q.Empty() {
				return nil
			}
		}
	}))
}

// Drop without a context is another thing.
type other struct{}

func (other) Drop() {
	for {
	}
}
