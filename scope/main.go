package scope

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/trace"
)

// mainGrace is the grace of [Main], five seconds less than the period after
// which Kubernetes kills.
const mainGrace = 25 * time.Second

// SignalError is the cause that [Main] cancels its scope with.
type SignalError struct{ Signal os.Signal }

// Error names the signal.
func (e *SignalError) Error() string { return "signal: " + e.Signal.String() }

// ExitCode returns what the exit code of a process means that a signal ended:
// 128 and the signal's number.
func (e *SignalError) ExitCode() int {
	if n, ok := e.Signal.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 1
}

// ErrorType is "signal".
func (e *SignalError) ErrorType() string { return "signal" }

// Main is [Run] for the main function of a program, which passes the result to
// [os.Exit]: 0 after success, 1 after a failure, 128 and its number after a
// signal that was obeyed without one. SIGINT and SIGTERM cancel the scope, with
// a [*SignalError] as cause; a second signal ends every wait at once: what is
// running is abandoned and what has not started is skipped, all by name; a body
// that still runs then is left behind and the process exits. Unless set, the
// grace is 25 s and the span mode [SpanTeardownOnly]. When the exit was not
// clean its report and its error are printed to standard error. Panics are as
// in Run.
func Main(fn func(ctx context.Context, s *Scope) error, opts ...Option) (exitCode int) {
	return program{stderr: os.Stderr, exit: os.Exit}.run(fn, opts)
}

// program is what Main takes from its process.
type program struct {
	stderr io.Writer
	exit   func(code int)
}

func (p program) run(fn func(ctx context.Context, s *Scope) error, opts []Option) (exitCode int) {
	if fn == nil {
		panic("scope.Main: nil function")
	}
	// Room for two signals: none of them waits for us to look.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)

	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	force, ended := make(chan struct{}), make(chan struct{})
	body := make(chan *Scope, 1) // holds the scope for as long as its body runs
	var watch group.Tasks
	watch.Go(func(context.Context) error {
		p.watch(signals, ended, cancel, force, body)
		return nil
	})
	defer func() {
		close(ended)
		_ = watch.Wait()
	}()

	var report *trace.Report
	all := append([]Option{WithGrace(mainGrace), WithSpanMode(SpanTeardownOnly)}, opts...)
	all = append(all, WithReport(func(r *trace.Report) { report = r }), funcOption(func(s *Scope) { s.own().force = force }))
	err := Run(ctx, func(ctx context.Context, s *Scope) error {
		body <- s
		defer func() { <-body }()
		return fn(ctx, s)
	}, all...)
	return p.code(ctx, err, report)
}

// watch obeys signals until the run has ended.
func (p program) watch(signals <-chan os.Signal, ended <-chan struct{}, cancel context.CancelCauseFunc,
	force chan<- struct{}, body chan *Scope,
) {
	for n := 0; ; n++ {
		select {
		case <-ended:
			return
		case sig := <-signals:
			cause := &SignalError{sig}
			if n == 0 {
				cancel(cause)
				continue
			}
			if n == 1 {
				close(force)
			}
			select {
			case s := <-body: // nobody can make it return
				fmt.Fprintf(p.stderr, "ebb: %v while the body of scope %q still runs\n", cause, s.Path())
				_ = s.Snapshot().WriteText(p.stderr)
				p.exit(cause.ExitCode())
				body <- s // not reached in a real process
			default:
			}
		}
	}
}

// code turns the outcome of Run into an exit code, and prints what went wrong.
func (p program) code(ctx context.Context, err error, report *trace.Report) int {
	var sig *SignalError
	signaled := errors.As(context.Cause(ctx), &sig)
	if err == nil || signaled && isEcho(err, sig) {
		if signaled {
			return sig.ExitCode()
		}
		return 0
	}
	if report != nil && len(report.Entries) > 0 {
		_ = report.WriteText(p.stderr)
	}
	fmt.Fprintf(p.stderr, "ebb: %v\n", err)
	return 1
}
