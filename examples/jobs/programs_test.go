package jobs

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

func init() {
	programs["hangs at the start"] = func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			_, err := scope.Defer(s, "lock", func(context.Context) error { fmt.Println("lock is released"); return nil })
			if err != nil {
				return err
			}
			fmt.Println("starting")
			_, err = scope.Acquire(ctx, s, "postgres", func(context.Context) (*os.File, error) {
				select {} // a driver that ignores its context
			}, guard.Close)
			return err
		}, scope.WithName("app"), scope.WithGrace(time.Second))
	}
	programs["is interrupted"] = func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			_, err := scope.Defer(s, "upload", func(context.Context) error {
				time.Sleep(200 * time.Millisecond)
				fmt.Println("upload is finished")
				return nil
			})
			if err != nil {
				return err
			}
			fmt.Println("ready")
			return s.Wait(ctx)
		})
	}
	programs["has slow telemetry"] = func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			fmt.Println("ready")
			return s.Wait(ctx)
		}, scope.WithGrace(2*time.Second), scope.WithTelemetry(func(ctx context.Context) error { select {} }))
	}
}

// A start that hangs, in a driver that ignores its context: one SIGTERM ends the program
// inside the grace, gives up what there was, and names the open that hung.
// Here 1 line (Main); by hand about 45, with a watchdog and a stack dump.
func TestStartThatHangs(t *testing.T) {
	p := start(t, "hangs at the start")
	p.says("starting")
	p.signal(syscall.SIGTERM)
	p.says("lock is released")
	if took := p.exits(1, "opening postgres", "programs_test.go"); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}

// One Ctrl-C that arrives twice, from the terminal and from the wrapper that the program
// runs under, is one: the upload is finished.
// Here 0 lines; by hand about 12, with a clock beside the signal channel.
func TestCtrlCArrivesTwice(t *testing.T) {
	p := start(t, "is interrupted")
	p.says("ready")
	p.signal(syscall.SIGINT)
	p.signal(syscall.SIGINT)
	p.says("upload is finished")
	p.exits(0)
}

// An exporter that hangs costs no more than what is left of the grace (2 s here; the rest is the
// process).
// Here 1 line; by hand about 15, with a budget that is counted down.
func TestTelemetryThatHangs(t *testing.T) {
	p := start(t, "has slow telemetry")
	p.says("ready")
	p.signal(syscall.SIGTERM)
	if took := p.exits(1, "telemetry"); took > 3*time.Second {
		t.Errorf("took %v", took)
	}
}

// Work that its deadline has cut is not reported as done: the outcome is timeout, and the
// error is there, though the worker returned only that it was canceled.
// Here 1 line (DropTimeout); by hand about 25.
func TestCutWorkIsNotDone(t *testing.T) {
	var report *trace.Report
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		_, err := s.Daemon("uploader", func(ctx context.Context) error {
			<-scope.Stopping(ctx)
			<-ctx.Done() // the upload would have taken longer
			return ctx.Err()
		}, scope.Graceful(), scope.DropTimeout(100*time.Millisecond))
		return err
	}, scope.WithReport(func(r *trace.Report) { report = r }))
	if err == nil || report.Entries[0].Outcome != "timeout" {
		t.Errorf("%v, outcome %s", err, report.Entries[0].Outcome)
	}
}
