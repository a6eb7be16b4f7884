package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/ebb-go/ebb/scope"
)

// TestMain is the program itself if it is called as a child process of a test.
func TestMain(m *testing.M) {
	if os.Getenv("BATCH_TEST") != "" {
		main()
	}
	os.Exit(m.Run())
}

// Ctrl-C ends the program with 130 and without a word but the bar; the next run goes on,
// does nothing twice, and ends with 0.
func TestInterruptedAndResumed(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "journal")
	batch := func(pause string, interrupt bool) (code int, stderr string) {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-journal", journal, "-items", "300", "-pause", pause)
		cmd.Env = append(os.Environ(), "BATCH_TEST=1")
		out, err := cmd.StderrPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(out)
		for interrupt { // until the bar shows that an item is done
			shown, err := in.ReadString('\r')
			if err != nil {
				t.Fatalf("the program has ended: %q, %v", shown, err)
			}
			if strings.Contains(shown, "/300") && !strings.Contains(shown, "(0/300") {
				interrupt = false
				if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
					t.Fatal(err)
				}
			}
		}
		rest, _ := io.ReadAll(in)
		_ = cmd.Wait()
		return cmd.ProcessState.ExitCode(), string(rest)
	}
	if code, stderr := batch("20ms", true); code != 130 || strings.Contains(stderr, "batch.test:") {
		t.Errorf("exit %d: %q", code, stderr)
	}
	first := lines(t, journal)
	if len(first) == 0 || len(first) == 300 {
		t.Errorf("%d items done when it was interrupted", len(first))
	}
	if code, stderr := batch("0s", false); code != 0 {
		t.Errorf("exit %d: %q", code, stderr)
	}
	seen := make(map[string]bool)
	for _, line := range lines(t, journal) {
		if seen[line] {
			t.Errorf("item %s is done twice", line)
		}
		seen[line] = true
	}
	if len(seen) != 300 {
		t.Errorf("%d items done", len(seen))
	}
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// A failure ends it, after what was done before is written; half a line is not believed.
func TestFails(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "journal")
	if err := os.WriteFile(journal, []byte("0\n1\n2"), 0o644); err != nil {
		t.Fatal(err)
	}
	errBad := errors.New("bad item")
	var calls atomic.Int32
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		return run(ctx, s, journal, 20, func(_ context.Context, item int) error {
			calls.Add(1)
			if item == 4 {
				return errBad
			}
			return nil
		}, io.Discard)
	})
	if !errors.Is(err, errBad) {
		t.Error(err)
	}
	got := strings.Join(lines(t, journal), " ")
	if !strings.HasPrefix("0 1 2 3", got) || calls.Load() == 0 {
		t.Errorf("journal %q", got)
	}
}
