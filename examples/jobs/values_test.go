package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	_ "modernc.org/sqlite"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopetest"
)

// A pool is replaced under load: no query finds it closed, and each old one is closed.
// Here 4 lines (NewSlot, Borrow, Replace); by hand about 55, with counted references.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	var opened, closed, queries atomic.Int32
	open := func(context.Context) (*sql.DB, error) {
		n := opened.Add(1)
		return sql.Open("sqlite", filepath.Join(dir, fmt.Sprintf("%d.db", n)))
	}
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		pool, err := scope.NewSlot(ctx, s, "pool", open, func(_ context.Context, db *sql.DB) error {
			closed.Add(1)
			return db.Close()
		})
		if err != nil {
			return err
		}
		return scope.Run(ctx, func(ctx context.Context, load *scope.Scope) error {
			over, ran := make(chan struct{}), make(chan struct{})
			for range 4 {
				load.Go("query", func(ctx context.Context) error {
					for {
						select {
						case <-over:
							return nil
						case ran <- struct{}{}:
						default:
						}
						queries.Add(1)
						if err := pool.Borrow(ctx, func(ctx context.Context, db *sql.DB) error {
							var one int
							return db.QueryRowContext(ctx, "SELECT 1").Scan(&one)
						}); err != nil {
							return err
						}
					}
				})
			}
			defer close(over)
			for range 20 {
				<-ran // they are at it
				if err := pool.Replace(ctx, open); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil || opened.Load() != 21 || closed.Load() != 21 || queries.Load() == 0 {
		t.Errorf("%v: %d opened, %d closed, %d queries", err, opened.Load(), closed.Load(), queries.Load())
	}
}

// A start that fails half-way gives up its first half, so that the next try does not find
// its own address in use.
// Here 0 lines; by hand about 10 for each thing that is opened.
func TestStartAgain(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	_ = free.Close()
	err = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		tries := 0
		service := func(ctx context.Context) (string, error) {
			_, err := scope.Acquire(ctx, s, "listener", func(context.Context) (net.Listener, error) {
				return net.Listen("tcp", addr)
			}, guard.Close)
			if err != nil {
				return "", err
			}
			if tries++; tries < 3 {
				return "", errBoom // the second half
			}
			return "service", nil
		}
		for {
			_, err := scope.Acquire(ctx, s, "service", service, guard.Nothing)
			if !errors.Is(err, errBoom) {
				return err
			}
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// What only repeats the cancellation in words of a library's own is no failure: a status
// of gRPC, a command that was killed.
// Here 3 lines (WithEcho); by hand about 10 at each place where an error is looked at.
func TestCancellationOfLibraries(t *testing.T) {
	stop := errors.New("stop")
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("stream", func(ctx context.Context) error {
			<-ctx.Done()
			return status.Error(codes.Canceled, "context canceled")
		})
		started := make(chan struct{})
		s.Go("command", func(ctx context.Context) error {
			cmd := exec.CommandContext(ctx, "sleep", "60")
			if err := cmd.Start(); err != nil {
				return err
			}
			close(started)
			return cmd.Wait() // "signal: killed"
		})
		<-started
		s.Cancel(stop)
		return nil
	}, scope.WithEcho(func(err error) bool {
		var exit *exec.ExitError
		return status.Code(err) == codes.Canceled || errors.As(err, &exit) && !exit.Exited()
	}))
	if err != stop {
		t.Errorf("%v, want the cause and nothing else", err)
	}
}

// The database of a test outlives its parallel subtests, and an error of its end is one of
// the test.
// Here 1 line (scopetest.Open); by hand a group of subtests around them, and 8 lines.
func TestParallelSubtests(t *testing.T) {
	s := scopetest.Open(t)
	db, err := scope.Acquire(s.Context(), s, "db", func(context.Context) (*sql.DB, error) {
		return sql.Open("sqlite", "file::memory:?cache=shared")
	}, guard.Close)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var one int
			if err := db.Value().QueryRowContext(t.Context(), "SELECT 1").Scan(&one); err != nil {
				t.Error(err)
			}
		})
	}
}

// A service with a start and a stop function: a second stop waits for the first and returns
// the same, a deadline is kept, and what hangs is named.
// Here 2 lines (Open, Close); by hand about 30.
func TestStartAndStop(t *testing.T) {
	s, err := scope.Open(t.Context(), scope.WithName("plugin"))
	if err != nil {
		t.Fatal(err)
	}
	hang := make(chan struct{})
	defer close(hang)
	if _, err := scope.Defer(s, "conn", func(context.Context) error { <-hang; return nil }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	first := s.Close(ctx)
	second := s.Close(t.Context())
	if !errors.Is(second, scope.ErrAbandoned) || !strings.Contains(second.Error(), `"conn"`) {
		t.Errorf("%v, then %v", first, second)
	}
}
