// Package jobs has jobs that people have reported other tools to be awkward at, each
// written as its reporter would with ebb and the real library. Above each stands how many
// lines of code it takes here for what is the job itself, and about how many it takes by
// hand with the standard library, with the same promises.
package jobs

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

var errBoom = errors.New("boom")

// programs are what the binary of the tests is as a child process.
var programs = map[string]func() int{}

func TestMain(m *testing.M) {
	if p := programs[os.Getenv("JOBS_PROGRAM")]; p != nil {
		os.Exit(p())
	}
	os.Exit(m.Run())
}

// process is a running program.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	out    *bufio.Scanner
	stderr strings.Builder
}

func start(t *testing.T, name string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.CommandContext(t.Context(), os.Args[0])}
	p.cmd.Env = append(os.Environ(), "JOBS_PROGRAM="+name)
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewScanner(out)
	return p
}

// says waits for a line.
func (p *process) says(want string) {
	p.t.Helper()
	if !p.out.Scan() || p.out.Text() != want {
		p.t.Fatalf("said %q, want %q; stderr: %s", p.out.Text(), want, p.stderr.String())
	}
}

func (p *process) signal(sig os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// exits waits for the end, and returns how long that took.
func (p *process) exits(code int, stderr ...string) time.Duration {
	p.t.Helper()
	begun := time.Now()
	for p.out.Scan() {
	}
	_ = p.cmd.Wait()
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		p.t.Errorf("exit %d, want %d: %s", got, code, p.stderr.String())
	}
	for _, want := range stderr {
		if !strings.Contains(p.stderr.String(), want) {
			p.t.Errorf("no %q in %s", want, p.stderr.String())
		}
	}
	return time.Since(begun)
}

func nothing(context.Context) error { return nil }
