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
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

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

// canceledWith is a service that cancels itself.
func canceledWith(cause error) int {
	return scope.Main(func(ctx context.Context, s *scope.Scope) error {
		s.Cancel(cause)
		return nil
	})
}

// programs are what a process runs under [scope.Main].
var programs = map[string]func() int{
	"ok": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error { return nil })
	},
	"canceled":              func() int { return canceledWith(fmt.Errorf("asked by a peer: %w", context.Canceled)) },
	"canceled for a reason": func() int { return canceledWith(errors.Join(context.Canceled, errBoom)) },
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
	"stops in order": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "db", func(context.Context) error { say("dropped"); return nil }))
			s.Go("echoes", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
			say("ready")
			<-ctx.Done()
			return nil
		})
	},
	"stops first": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			say("ready")
			<-scope.Stopping(ctx)
			if ctx.Err() != nil {
				return errors.New("canceled")
			}
			say("asked")
			<-ctx.Done()
			say("canceled")
			return nil
		}, scope.WithStopFirst(), scope.WithGrace(200*time.Millisecond))
	},
	"is signaled twice at once": func() int {
		twice := make(chan struct{})
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "cache", func(ctx context.Context) error {
				say("dropping")
				<-twice
				say("flushed")
				return ctx.Err()
			}))
			s.Go("reads", func(context.Context) error {
				defer close(twice)
				_, err := os.Stdin.Read(make([]byte, 1))
				return err
			})
			say("ready")
			<-ctx.Done()
			say("canceled")
			return nil
		}, scope.WithName("app"))
	},
	"hangs in drop": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			db := must(scope.Defer(s, "db", func(context.Context) error { say("db"); return nil }))
			_ = must(scope.Defer(s, "api", func(context.Context) error {
				say("dropping")
				aSecondLater()
				select {}
			}, scope.DependsOn(db)))
			say("ready")
			<-ctx.Done()
			return nil
		}, scope.WithName("app"), scope.WithTelemetry(func(ctx context.Context) error {
			time.Sleep(100 * time.Millisecond)
			say("telemetry")
			return nil
		}))
	},
	"hangs in telemetry": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			say("ready")
			<-ctx.Done()
			return nil
		}, scope.WithName("app"), scope.WithTelemetry(func(context.Context) error {
			aSecondLater()
			select {}
		}))
	},
	"hangs in request": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			s.Go("worker", func(ctx context.Context) error {
				return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
					_ = must(scope.Defer(s, "tx", func(context.Context) error {
						aSecondLater()
						select {}
					}))
					say("ready")
					<-ctx.Done()
					return nil
				}, scope.WithName("request"))
			})
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
				aSecondLater()
				select {}
			})
			say("ready")
			return nil
		}, scope.WithName("app"))
	},
	"hangs in body": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "db", nothing))
			say("ready")
			<-ctx.Done()
			aSecondLater()
			select {}
		}, scope.WithName("app"))
	},
	"hangs in open": func() int {
		let, all := make(chan struct{}), make(chan struct{})
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			defer close(all)
			_ = must(scope.Defer(s, "journal", func(context.Context) error { say("journal flushed"); close(let); return nil }))
			_, err := scope.Acquire(ctx, s, "legacy", func(context.Context) (string, error) {
				say("opening")
				<-let // knows of no context
				return "late", nil
			}, func(context.Context, string) error { say("legacy dropped"); return nil })
			say(fmt.Sprint("refused: ", errors.Is(err, scope.ErrClosed)))
			_, err = scope.Defer(s, "later", func(context.Context) error { say("later dropped"); return nil })
			say(fmt.Sprint("refused: ", errors.Is(err, scope.ErrClosed)))
			return nil
		}, scope.WithName("app"), scope.WithGrace(200*time.Millisecond), scope.WithTelemetry(func(context.Context) error {
			<-all
			say("telemetry flushed")
			return nil
		}))
	},
	"nests": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			return scope.Run(ctx, func(ctx context.Context, in *scope.Scope) error {
				in.Go("worker", func(context.Context) error {
					<-ctx.Done()
					aSecondLater()
					select {}
				})
				say("ready")
				return nil
			}, scope.WithSignals(syscall.SIGUSR1))
		}, scope.WithTelemetry(func(context.Context) error { say("telemetry"); return nil }))
	},
	"opens": func() int {
		s := must(scope.Open(context.Background(), scope.WithSignals()))
		s.Go("stuck", func(ctx context.Context) error { select {} })
		say("ready")
		err := s.Wait(context.Background())
		say(fmt.Sprintf("asked, wait: %v", err))
		go aSecondLater()
		say(fmt.Sprintf("abandoned: %v", errors.Is(s.Close(context.Background()), scope.ErrAbandoned)))
		return 0
	},
	"panics": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			s.Go("t", func(context.Context) error { panic("kaboom") })
			return nil
		}, scope.WithName("app"))
	},
	"logs its errors": logsItsErrors,
	"logs its misuse": logsItsMisuse,
	"panics in body": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			_ = must(scope.Defer(s, "db", func(context.Context) error { say("dropped"); return nil }))
			var m map[string]int
			m["kaboom"] = 1
			return nil
		}, scope.WithName("app"))
	},
	"is misused": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error { return nil }, scope.WithGrace(-1))
	},
	"says too much": func() int {
		return scope.Main(func(ctx context.Context, s *scope.Scope) error {
			return errors.New(strings.Repeat("\xff lorem ipsum", 10_000) + "\nsecond line")
		})
	},
}

// aSecondLater says so, when a second signal counts.
func aSecondLater() { time.AfterFunc(1050*time.Millisecond, func() { say("a second later") }) }

// process is a program that is running.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	out    *bufio.Scanner
	in     io.Writer
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
	p.in = must(p.cmd.StdinPipe())
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

// types writes to the standard input.
func (p *process) types(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, text); err != nil {
		p.t.Fatal(err)
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

// TestMainCanceled: a service that is canceled has stopped in order, unless the cause
// says more than that.
func TestMainCanceled(t *testing.T) {
	runs(t, "canceled").exits(0)
	runs(t, "canceled for a reason").exits(1, "boom")
}

// TestMainFailure: 1, with the report and the errors on stderr, each once, under the
// name of the program.
func TestMainFailure(t *testing.T) {
	p := runs(t, "fails")
	p.exits(1, programName+": no body\n", programName+`: scope "app": drop "db" (wave 0): boom`, "teardown of app")
	for _, once := range []string{"no body", `drop "db"`} {
		if n := strings.Count(p.stderr.String(), once); n != 1 {
			t.Errorf("%q is on stderr %d times:\n%s", once, n, p.stderr.String())
		}
	}
}

// TestMainOutputIsBounded: in width, and valid UTF-8, whatever an error says.
func TestMainOutputIsBounded(t *testing.T) {
	p := runs(t, "says too much")
	p.exits(1, "lorem ipsum", "bytes more", "second line")
	for line := range strings.SplitSeq(p.stderr.String(), "\n") {
		if len(line) > 1100 || !utf8.ValidString(line) {
			t.Errorf("a line of %d bytes: %.100q", len(line), line)
		}
	}
}

// programName is that of the test binary, which the helper processes run too.
var programName = filepath.Base(os.Args[0])

// TestMainMisuse: the scope does not open.
func TestMainMisuse(t *testing.T) {
	runs(t, "is misused").exits(1, programName+": ", "WithGrace(-1ns)")
}
