package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
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

// Killed in mid-traffic, with no time to drop anything, the service has lost
// nothing either: what it had acknowledged is on the disk, and the next run
// tells what was not yet told, so that the proof holds for both.
func TestProcessKilled(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	c := programIn(t, dir, "-data", data)
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	screen := bufio.NewReader(stdout)
	ours := &clients{url: readURL(t, screen), orders: ordersNo(1, 1000), progress: func(n int) {
		if n == 20 {
			c.Process.Kill()
		}
	}}
	go io.Copy(io.Discard, screen)
	if err := ours.send(t.Context(), 4); err != nil {
		t.Fatal(err)
	}
	c.Wait()
	if code := c.ProcessState.ExitCode(); code != -1 {
		t.Fatalf("exit code %d: it had ended before it could be killed", code)
	}

	r := runProgram(t, "-data", data)
	if r.code != 0 {
		t.Fatalf("exit code %d, stderr %q\n%s", r.code, r.stderr, r.stdout)
	}
	earlier, committed := r.numberOf(t, "orders of earlier runs"), r.numberOf(t, "rows committed")
	if earlier < 20 || committed != earlier+r.numberOf(t, "orders acknowledged") {
		t.Errorf("%d of the run that was killed, %d in all", earlier, committed)
	}
	db := testDatabaseAt(t, filepath.Join(data, "orders.db"))
	for _, number := range ours.acknowledged {
		if n := count(t, db, `SELECT COUNT(*) FROM orders JOIN invoices USING (number) WHERE number = ?`, number); n != 1 {
			t.Errorf("%s was acknowledged, and is lost", number)
		}
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
		if url, _, ok := strings.Cut(line, ": 16 clients send"); ok {
			return url
		}
	}
}

// What root may do, others may not: as somebody else the program is told of
// permissions.
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
// he can reach.
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
