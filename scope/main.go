package scope

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/trace"
)

// mainGrace is the grace of [Main], five seconds less than the period after
// which Kubernetes kills.
const mainGrace = 25 * time.Second

// Main is [Run] for the main function of a program, which passes the result to
// [os.Exit].
//
// SIGINT and SIGTERM cancel the scope, with a [*SignalError] as cause, or with
// [WithStopFirst] ask it to stop first. A second signal ends every wait: what is
// running is abandoned and what has not started is skipped, all by name;
// telemetry still has a second. It counts at the earliest a second after the first,
// since one keystroke can reach a program twice.
//
// Unlike Run, Main does not wait for a body that the end of the scope has not
// reached: when the grace of a canceled scope leaves it no more time, the body is
// abandoned, with an [*AbandonedError] that has its stack and names what it was
// opening, and the teardown goes on. What it registers afterwards is refused, and
// what it acquires is dropped at once.
//
// Unless set, the grace is 25 s and the span mode [SpanTeardownOnly].
//
// The result is 0 if fn returned nil and nothing failed, with a signal or without;
// 128 plus the number of the signal if fn returned what only repeats the signal, or
// a second signal has cut the exit short; and 1 after a failure. Standard error then
// has, under the program's name, the error, the report if a drop went wrong, and of
// a panic or of what was abandoned the stack; with [WithErrorLog] a logger has it
// instead. A call of [runtime.Goexit] goes on when the teardown is complete.
func Main(fn func(ctx context.Context, s *Scope) error, opts ...Option) (exitCode int) {
	if fn == nil {
		panic("scope.Main: nil function")
	}
	p := program{name: filepath.Base(os.Args[0]), stderr: os.Stderr, log: errorLogOf(opts)}
	all := append([]Option{WithGrace(mainGrace), WithSpanMode(SpanTeardownOnly), mainSignals}, opts...)
	all = append(all, WithReport(func(r *trace.Report) { p.report = r }))
	s, err := openRun(context.Background(), all)
	if err != nil {
		p.complain(err)
		return 1
	}
	p.run(s, fn)
	return p.exitCode(s)
}

// WithErrorLog has [Main] write to log, at level Error, what it otherwise writes to
// standard error: a record for the report if a drop went wrong, one for each error, and
// for a panic and what was abandoned one with the stack. These are the last lines of the
// program: what was flushed or shut down by a drop or by [WithTelemetry] does not get
// them. Nil stands for standard error.
func WithErrorLog(log *slog.Logger) Option { return errorLogOption{log} }

// errorLogOption is for Main, which looks for it: an option that is not valid is written
// there too.
type errorLogOption struct{ log *slog.Logger }

func (errorLogOption) apply(s *Scope) {
	if s.config == nil || s.config.signals == nil {
		s.reject("WithErrorLog is an option of Main")
	}
}

func errorLogOf(opts []Option) (log *slog.Logger) {
	for _, o := range opts {
		if o, ok := o.(errorLogOption); ok {
			log = o.log
		}
	}
	return log
}

// mainSignals is what Main is watching for.
var mainSignals = funcOption(func(s *Scope) { s.setSignals(nil, false) })

// run calls fn and takes the scope down, and keeps what came of both.
func (p *program) run(s *Scope, fn func(ctx context.Context, s *Scope) error) {
	body := s.callApart(fn)
	p.bodyNil = body.returned && body.err == nil
	left := false
	defer func() {
		if left {
			return
		}
		// exit goes on with the panic of the body, whose stack was taken
		// where it was caught, or with that of a task or daemon.
		value := recover()
		if body.panicked != nil {
			p.panicked = fault.At(body.panicked, fmt.Sprintf("scope %q: body", s.Path()))
		} else {
			p.panicked = fault.Panic(value)
		}
	}()
	p.err = s.exit(body.err, body.returned, body.value)
	left = true
	if !body.returned && body.panicked == nil {
		runtime.Goexit()
	}
}

// exitCode decides the exit code, and writes what went wrong to standard error.
func (p *program) exitCode(s *Scope) int {
	first, second := s.config.signals.first.Load(), s.config.signals.second.Load()
	// Run returns the bare cause if nothing has failed.
	clean := p.panicked == nil && (p.err == nil || fault.Same(p.err, s.cause()))
	switch {
	case p.panicked == nil && p.err == nil:
		return 0
	case clean && p.bodyNil && (p.err == error(first) || endsIn(p.err, context.Canceled)):
		return 0 // a service that has stopped in order
	case p.panicked == nil && first != nil && endsIn(p.err, first):
		return first.ExitCode()
	}
	p.complain(p.err)
	if second != nil {
		return second.ExitCode()
	}
	return 1
}
