package scope_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// mainEnv names the program that the test binary is to be instead of the tests.
const mainEnv = "EBB_SCOPE_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if name := os.Getenv(mainEnv); name != "" {
		os.Exit(programs[name]())
	}
	os.Exit(m.Run())
}

// say tells the test how far the program is.
func say(what string) { fmt.Println(what) }

// programs are what a process runs under [scope.Main].
var programs = map[string]func() int{
	"ok": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error { return nil })
	},
	"fails": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "db", func(context.Context) error { return errBoom }))
			return errors.New("no body")
		}, scope.WithName("app"))
	},
	"serves": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Acquire(ctx, s, "db", opens("db"), func(ctx context.Context, _ string) error {
				var sig *scope.SignalError
				if e := scope.ExitOf(ctx); e.Kind != scope.Canceled || !errors.As(e.Err, &sig) {
					return fmt.Errorf("exit %+v", e)
				}
				say("dropped")
				return nil
			}))
			if shot := s.Snapshot(); shot.Grace != 25*time.Second {
				return fmt.Errorf("grace %v", shot.Grace)
			}
			say("ready")
			<-ctx.Done()
			return context.Cause(ctx)
		})
	},
	"fails on signal": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "db", func(context.Context) error { return errBoom }))
			say("ready")
			<-ctx.Done()
			return nil
		}, scope.WithName("app"))
	},
	"acquires": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "first", func(context.Context) error { say("dropped first"); return nil }))
			_, err := scope.Acquire(ctx, s, "second", func(ctx context.Context) (string, error) {
				say("ready")
				<-ctx.Done()
				return "", context.Cause(ctx)
			}, guard.Nothing)
			if err != nil {
				return err
			}
			say("third")
			return nil
		})
	},
	"hangs in drop": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			db := must(scope.Defer(s, "db", func(context.Context) error { say("db"); return nil }))
			_ = must(scope.Defer(s, "api", func(context.Context) error { say("dropping"); select {} }, scope.DependsOn(db)))
			say("ready")
			<-ctx.Done()
			return nil
		}, scope.WithName("app"))
	},
	"hangs in task": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "db", nothing))
			s.Go("worker", func(ctx context.Context) error {
				<-ctx.Done()
				for s.Snapshot().State == "open" { // nothing else tells a task that the body has returned
					runtime.Gosched()
				}
				say("draining")
				select {}
			})
			say("ready")
			return nil
		}, scope.WithName("app"))
	},
	"hangs in body": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			say("ready")
			<-ctx.Done()
			say("deaf")
			select {}
		}, scope.WithName("app"))
	},
	"panics": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			s.Go("t", func(context.Context) error { panic("kaboom") })
			return nil
		})
	},
}

// process is a program that is running.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	out    *bufio.Scanner
	stderr bytes.Buffer
}

// runs starts a program and kills it when the test ends, or takes too long.
func runs(t *testing.T, name string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.CommandContext(t.Context(), os.Args[0])}
	p.cmd.Env = append(os.Environ(), mainEnv+"="+name)
	p.cmd.Stderr = &p.stderr
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout = w
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	p.out = bufio.NewScanner(r)
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_, _ = io.Copy(io.Discard, r)
		_ = r.Close()
	})
	return p
}

// says waits for the next line.
func (p *process) says(want string) {
	p.t.Helper()
	if !p.out.Scan() || p.out.Text() != want {
		p.t.Fatalf("said %q, want %q; stderr:\n%s", p.out.Text(), want, p.stderr.String())
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// exits waits for the end, and wants that code, and each of these on stderr; none
// is nothing at all.
func (p *process) exits(code int, stderr ...string) {
	p.t.Helper()
	_ = p.cmd.Wait()
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		p.t.Errorf("exit code %d, want %d; stderr:\n%s", got, code, p.stderr.String())
	}
	if len(stderr) == 0 && p.stderr.Len() > 0 {
		p.t.Errorf("a clean exit wrote to stderr:\n%s", p.stderr.String())
	}
	for _, want := range stderr {
		if !strings.Contains(p.stderr.String(), want) {
			p.t.Errorf("no %q on stderr:\n%s", want, p.stderr.String())
		}
	}
}

// TestMainSuccess: 0, and nothing on stderr.
func TestMainSuccess(t *testing.T) { runs(t, "ok").exits(0) }

// TestMainFailure: 1, with the report and the error on stderr.
func TestMainFailure(t *testing.T) {
	runs(t, "fails").exits(1, "db", "no body", `scope "app": drop "db" (wave 0): boom`)
}

// TestMainSignal: SIGTERM and SIGINT cancel the scope with the signal as cause;
// obeyed without a failure, the code is 128 and the signal's number.
func TestMainSignal(t *testing.T) {
	for sig, code := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130} {
		p := runs(t, "serves")
		p.says("ready")
		p.signal(sig)
		p.says("dropped")
		p.exits(code)
	}
}

// TestMainSignalAndFailure: 1, and a report.
func TestMainSignalAndFailure(t *testing.T) {
	p := runs(t, "fails on signal")
	p.says("ready")
	p.signal(syscall.SIGTERM)
	p.exits(1, `drop "db" (wave 0): boom`)
}

// TestMainSignalDuringAcquire: what was acquired is dropped, nothing else starts.
func TestMainSignalDuringAcquire(t *testing.T) {
	p := runs(t, "acquires")
	p.says("ready")
	p.signal(syscall.SIGTERM)
	p.says("dropped first")
	p.exits(143)
}

// TestMainSecondSignal ends every wait at once: what runs is abandoned, what has
// not started is skipped, both by name.
func TestMainSecondSignal(t *testing.T) {
	p := runs(t, "hangs in drop")
	p.says("ready")
	p.signal(syscall.SIGTERM)
	p.says("dropping")
	p.signal(syscall.SIGTERM)
	p.exits(1, "api", "abandoned", "db", "skipped")

	p = runs(t, "hangs in task")
	p.says("ready")
	p.signal(syscall.SIGINT)
	p.says("draining")
	p.signal(syscall.SIGTERM)
	p.exits(1, `"worker" abandoned`)
}

// TestMainSecondSignalInBody: a body that nobody can make return is left behind; the
// process says so and exits.
func TestMainSecondSignalInBody(t *testing.T) {
	p := runs(t, "hangs in body")
	p.says("ready")
	p.signal(syscall.SIGTERM)
	p.says("deaf")
	p.signal(syscall.SIGTERM)
	p.exits(143, `the body of scope "app" still runs`)
}

// TestMainPanic: the process does not exit 0 on a panic of a task.
func TestMainPanic(t *testing.T) { runs(t, "panics").exits(2, "kaboom", "goroutine") }
