package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/ebb-go/ebb/scope"
)

// left returns how many jobs a worker that comes next is given.
func left(t *testing.T, dir string) (n int) {
	t.Helper()
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		js, err := start(ctx, s, dir, func(ctx context.Context, _ string) error {
			<-scope.Stopping(ctx)
			return fmt.Errorf("not now")
		})
		if err != nil {
			return err
		}
		jobs, err := js.Consumer(ctx, "JOBS", "worker")
		if err != nil {
			return err
		}
		info, err := jobs.Info(ctx)
		if err != nil {
			return err
		}
		n = int(info.NumPending) + info.NumAckPending
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return n
}

// Stopped in the middle, each job was either done or is there for the next worker.
func TestStopsFirst(t *testing.T) {
	const jobs = 200
	dir := t.TempDir()
	done := 0 // by one goroutine
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		middle := make(chan struct{})
		js, err := start(ctx, s, dir, func(ctx context.Context, _ string) error {
			if done++; done == 50 {
				close(middle)
				<-scope.Stopping(ctx) // it is in the middle of this one
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
		if err := publish(ctx, js, jobs); err != nil {
			return err
		}
		<-middle
		s.Stop(nil)
		return s.Wait(ctx)
	}, scope.WithName("worker"), scope.WithGrace(time.Minute))
	if err != nil {
		t.Error(err)
	}
	if rest := left(t, dir); done < 50 || done+rest != jobs {
		t.Errorf("%d done, %d left, want %d", done, rest, jobs)
	}
}

// A job that takes longer than the time there is is canceled late, named, and handed back.
func TestCancelsLate(t *testing.T) {
	dir := t.TempDir()
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		begun := make(chan struct{})
		js, err := start(ctx, s, dir, func(ctx context.Context, _ string) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		})
		if err != nil {
			return err
		}
		if err := publish(ctx, js, 1); err != nil {
			return err
		}
		<-begun
		s.Stop(nil)
		return s.Wait(ctx)
	}, scope.WithName("worker"), scope.WithGrace(2*time.Second))
	if err == nil || !strings.Contains(err.Error(), "job 0 was cut short") || !strings.Contains(err.Error(), `drop "consumer"`) {
		t.Errorf("got %v", err)
	}
	if rest := left(t, dir); rest != 1 {
		t.Errorf("%d left, want 1", rest)
	}
}

func publish(ctx context.Context, js jetstream.JetStream, n int) error {
	for k := range n {
		if _, err := js.Publish(ctx, "jobs", fmt.Append(nil, k)); err != nil {
			return err
		}
	}
	return nil
}
