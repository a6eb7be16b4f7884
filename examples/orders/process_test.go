package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestMain lets the test binary be the program, for tests that need a process.
func TestMain(m *testing.M) {
	if os.Getenv("ORDERS_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

// program is the command that runs the program in dir.
func programIn(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, args...)
	c.Args[0] = "orders" // as it calls itself
	c.Dir = dir
	c.Env = append(os.Environ(), "ORDERS_MAIN=1", "TMPDIR="+dir)
	return c
}

func exitCode(t *testing.T, c *exec.Cmd) int {
	t.Helper()
	err := c.Run()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode()
}

func TestProcessExitCode(t *testing.T) {
	for _, test := range []struct {
		args []string
		want int
	}{{nil, 0}, {[]string{"-chaos"}, 1}, {[]string{"-orders"}, 2}} {
		c := programIn(t, t.TempDir(), test.args...)
		var stdout, stderr bytes.Buffer
		c.Stdout, c.Stderr = &stdout, &stderr
		if code := exitCode(t, c); code != test.want {
			t.Errorf("%v: exit code %d, want %d; stderr %s", test.args, code, test.want, &stderr)
		}
	}
}

// A service that is asked to stop while it serves stops in order, and has the
// exit code of one.
func TestProcessTerminated(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		p := startIn(t, t.TempDir(), "-hangups", "1h")
		if err := p.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(); err != nil {
			t.Errorf("%v: %v", sig, err)
		}
		if screen := p.screen(); !strings.HasSuffix(screen, "nothing was lost\n") {
			t.Errorf("%v: %s", sig, screen)
		}
	}
}

// running is the program in a process of its own, that has said where it is.
type running struct {
	*exec.Cmd
	url    string
	screen func() string // the rest of what it writes, when it has ended
}

// startIn starts the program in dir and reads on to the line with its address.
func startIn(t *testing.T, dir string, args ...string) running {
	t.Helper()
	r := running{Cmd: programIn(t, dir, args...)}
	stdout, w := io.Pipe()
	r.Stdout, r.Stderr = w, w // Wait returns when all of it has been written
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	r.url = readURL(t, lines)
	rest := make(chan string)
	go func() {
		text, _ := io.ReadAll(lines)
		rest <- string(text)
	}()
	r.screen = func() string {
		w.Close()
		return <-rest
	}
	t.Cleanup(func() { w.Close() })
	return r
}

// kill kills the program when our own clients have n acknowledgements, and
// returns the answers that they have.
func (r running) kill(t *testing.T, orders []Order, n int) *answers {
	t.Helper()
	ours := &clients{url: r.url, orders: orders, n: 4, middle: len(orders) + 1, progress: func(acknowledged int) {
		if acknowledged == n {
			r.Process.Kill()
		}
	}}
	if n == 0 {
		r.Process.Kill()
	}
	if err := ours.send(t.Context(), func() {}); err != nil {
		t.Fatal(err)
	}
	r.Wait()
	if code := r.ProcessState.ExitCode(); code != -1 {
		t.Fatalf("exit code %d: it had ended before it could be killed:\n%s", code, r.screen())
	}
	return &ours.answers
}

// Killed again and again in mid-traffic, with no time to drop anything, the
// service has lost nothing: what it had acknowledged is on the disk, once, and
// the next run delivers what was on the way, so that the proof holds for all of
// them. What the killed runs have left beside the data is gone after it.
func TestProcessKilled(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	var acknowledged []string
	for run := range 5 {
		// Its own clients keep it busy for as long as it takes to kill it.
		p := startIn(t, dir, "-data", data, "-hangups", "1h")
		if run == 0 {
			wantTaken(t, dir, data)
		}
		n := rand.IntN(50)
		theirs := p.kill(t, ordersNo(run*1000+1, run*1000+1000), n)
		t.Logf("run %d: killed at %d acknowledgements, %d came in all", run, n, len(theirs.acknowledged))
		acknowledged = append(acknowledged, theirs.acknowledged...)
	}

	c := programIn(t, dir, "-data", data)
	var screen bytes.Buffer
	c.Stdout, c.Stderr = &screen, &screen
	if code := exitCode(t, c); code != 0 {
		t.Fatalf("exit code %d\n%s", code, &screen)
	}
	v := &service{dir: data}
	d, err := readDisk(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	for where, numbers := range map[string][]string{"orders": d.committed, "invoices": d.projected, "journal": d.journal.numbers} {
		times := make(map[string]int)
		for _, number := range numbers {
			times[number]++
		}
		for _, number := range acknowledged {
			if times[number] != 1 {
				t.Errorf("%s was acknowledged, and is %d times in %s", number, times[number], where)
			}
		}
	}
	if got, want := filesIn(t, dir), []string{"data", "teardown.html"}; !slices.Equal(got, want) {
		t.Errorf("left behind %v, want %v", got, want)
	}
	if got, want := filesIn(t, data), []string{"orders.db", "orders.journal", "stream"}; !slices.Equal(got, want) {
		t.Errorf("left behind %v in the data, want %v", got, want)
	}
}

// wantTaken checks that a second program on a directory says so, and does
// nothing.
func wantTaken(t *testing.T, dir, data string) {
	t.Helper()
	c := programIn(t, dir, "-data", data)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if code := exitCode(t, c); code != 2 || stdout.Len() > 0 {
		t.Errorf("exit code %d, want 2; stdout %q", code, &stdout)
	}
	if got, want := stderr.String(), "orders: -data: "+data+": is in use by another process\n"; got != want {
		t.Errorf("stderr %q, want %q", got, want)
	}
}

// Without -data a killed run leaves a temporary directory and half of a report,
// until the next one starts, which takes nothing from one that is running.
func TestProcessKilledLeavesNothingForLong(t *testing.T) {
	dir := t.TempDir()
	p := startIn(t, dir, "-hangups", "1h")
	killed := filesIn(t, dir)
	p.kill(t, ordersNo(1, 1000), 1)
	if got := filesIn(t, dir); len(killed) != 2 || !slices.Equal(got, killed) {
		t.Fatalf("left behind %v, of %v: this tests nothing", got, killed)
	}
	p = startIn(t, dir, "-hangups", "1h")
	alive := filesIn(t, dir)
	if slices.ContainsFunc(killed, func(name string) bool { return slices.Contains(alive, name) }) {
		t.Errorf("%v are there after the next start, of %v", alive, killed)
	}
	if code := exitCode(t, programIn(t, dir, "-orders", filepath.Join(dir, "none"))); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
	if got := filesIn(t, dir); !slices.Equal(got, alive) {
		t.Errorf("a third has left %v to the second, of %v", got, alive)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("%v\n%s", err, p.screen())
	}
	if got, want := filesIn(t, dir), []string{"teardown.html"}; !slices.Equal(got, want) {
		t.Errorf("left behind %v, want %v", got, want)
	}
}

// readURL reads on to the line that says where the service is.
func readURL(t *testing.T, screen *bufio.Reader) string {
	t.Helper()
	for {
		line, err := screen.ReadString('\n')
		if err != nil {
			t.Fatalf("it has ended: %v", err)
		}
		if url, _, ok := strings.Cut(line, ": "); ok && strings.Contains(line, " clients ") {
			return url
		}
	}
}

// What root may do, others may not: the program runs as a user without rights.
func TestProcessWithoutPermission(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"readonly": os.ModeDir | 0o555, "unreadable.csv": 0o000} {
		path := filepath.Join(dir, name)
		var err error
		if mode.IsDir() {
			err = os.Mkdir(path, mode.Perm())
		} else {
			err = os.WriteFile(path, []byte(columns+"\n"+goodRow), mode.Perm())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	work := filepath.Join(dir, "work")
	if err := os.Mkdir(work, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-data", filepath.Join(dir, "readonly")}, "-data: "},
		{[]string{"-data", filepath.Join(dir, "readonly", "new")}, "-data: "},
		{[]string{"-html", filepath.Join(dir, "readonly", "x.html")}, "-html: "},
		{[]string{"-orders", filepath.Join(dir, "unreadable.csv")}, "-orders: "},
	} {
		c := programIn(t, work, test.args...)
		if os.Geteuid() == 0 {
			asNobody(t, c, dir)
		}
		var stderr bytes.Buffer
		c.Stderr = &stderr
		if code := exitCode(t, c); code != 2 {
			t.Errorf("%v: exit code %d, want 2", test.args, code)
		}
		line := stderr.String()
		if !strings.HasPrefix(line, "orders: "+test.want) || !strings.HasSuffix(line, "permission denied\n") || strings.Count(line, "\n") != 1 {
			t.Errorf("%v: %q, want one line with %s permission denied", test.args, line, test.want)
		}
		if left := filesIn(t, work); len(left) > 0 {
			t.Errorf("%v: left behind %v", test.args, left)
		}
	}
}

// asNobody has c run as a user without rights, from a copy of the program that
// this user can reach.
func asNobody(t *testing.T, c *exec.Cmd, dir string) {
	t.Helper()
	const nobody = 65534
	program, err := os.ReadFile(c.Path)
	if err != nil {
		t.Fatal(err)
	}
	c.Path = filepath.Join(dir, "program")
	if err := os.WriteFile(c.Path, program, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Dir(dir), dir, c.Dir} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(c.Dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}
