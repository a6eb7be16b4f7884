package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// result is what a run of the whole program left.
type result struct {
	code           int
	stdout, stderr string
	files          []string // in the directory that it ran in, and the temporary one
}

// runProgram runs the whole program in a new directory. {dir} in an argument
// stands for it.
func runProgram(t *testing.T, args ...string) result {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("TMPDIR", dir)
	args = slices.Clone(args)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "{dir}", dir)
	}
	stderr := swapStderr(t)
	var stdout bytes.Buffer
	r := result{code: run(args, &stdout, os.Stderr)}
	r.stdout, r.stderr = stdout.String(), stderr()
	r.files = filesIn(t, dir)
	return r
}

// swapStderr makes standard error, to which scope.Main writes, a file, and the
// name of the program the one that it has. It returns what gives them back and
// returns what was written.
func swapStderr(t *testing.T) (text func() string) {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	args, stderr := os.Args, os.Stderr
	os.Args, os.Stderr = []string{"orders"}, f
	return func() string {
		os.Args, os.Stderr = args, stderr
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		return string(text)
	}
}

func filesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// numberOf reads the number in a line of the proof.
func (r result) numberOf(t *testing.T, what string) (n int) {
	t.Helper()
	m := regexp.MustCompile(`(?m)^  ` + regexp.QuoteMeta(what) + ` +(\d+)`).FindStringSubmatch(r.stdout)
	if m == nil {
		t.Fatalf("no %q in\n%s", what, r.stdout)
	}
	fmt.Sscan(m[1], &n)
	return n
}

// wantProof checks that the screen shows the proof, and that it is about
// something.
func (r result) wantProof(t *testing.T, culprits int) {
	t.Helper()
	acknowledged := r.numberOf(t, "orders acknowledged")
	if acknowledged == 0 || acknowledged == 985 {
		t.Errorf("%d of 985 orders acknowledged: that was not in mid-traffic", acknowledged)
	}
	for _, what := range []string{"rows committed", "events journaled", "events projected"} {
		if n := r.numberOf(t, what); n != acknowledged {
			t.Errorf("%s: %d, want %d", what, n, acknowledged)
		}
	}
	if a, d := r.numberOf(t, "guards acquired"), r.numberOf(t, "guards dropped"); a != d+culprits || a < 5 {
		t.Errorf("%d guards acquired, %d dropped, %d culprits", a, d, culprits)
	}
	if n := r.numberOf(t, "transactions committed"); n < acknowledged {
		t.Errorf("%d transactions committed for %d orders", n, acknowledged)
	}
	if !strings.HasSuffix(r.stdout, "nothing was lost\n") {
		t.Errorf("ends with %q", r.stdout[max(0, len(r.stdout)-60):])
	}
}

func TestProgram(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	r := runProgram(t, "-svg", "stop.svg")
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("exit code %d, stderr %q", r.code, r.stderr)
	}
	r.wantProof(t, 0)
	for _, want := range []string{
		"15 of 1000 rows are bad and are not sent:\n  line 59: quantity: \"zwölf\" is no whole number\n",
		"teardown of demo/orders",
		"written to teardown.html and stop.svg",
	} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in\n%s", want, r.stdout)
		}
	}
	if want := []string{"stop.svg", "teardown.html"}; !slices.Equal(r.files, want) {
		t.Errorf("left behind %v, want %v", r.files, want)
	}
	for name, want := range map[string]string{"teardown.html": "</html>", "stop.svg": "</svg>"} {
		if text, err := os.ReadFile(name); err != nil || !strings.HasSuffix(strings.TrimSpace(string(text)), want) {
			t.Errorf("%s does not end with %s, %v", name, want, err)
		}
	}
}

func TestProgramInChaos(t *testing.T) {
	r := runProgram(t, "-chaos")
	if r.code != 1 {
		t.Fatalf("exit code %d, want 1; stderr %q", r.code, r.stderr)
	}
	r.wantProof(t, 3)
	said, stack, _ := strings.Cut(r.stderr, "orders: stack of ")
	lines := strings.Split(strings.TrimSuffix(said, "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines on stderr, want one for each culprit:\n%s", len(lines), r.stderr)
	}
	if !strings.HasPrefix(stack, `"chaos-hangs":`) || !strings.Contains(stack, "chaos.go:") {
		t.Errorf("it is not said where the drop hangs: %s", stack)
	}
	for i, want := range []string{
		`drop "chaos-fails" (wave 1): ` + errChaos.Error(),
		`drop "chaos-panics" (wave 1): panic: assignment to entry in nil map`,
		`drop "chaos-hangs" (wave 1): `,
	} {
		if !strings.HasPrefix(lines[i], `orders: scope "demo/orders": `+want) {
			t.Errorf("%s\nwant %s", lines[i], want)
		}
	}
	if !strings.Contains(lines[2], "blocks database") {
		t.Errorf("it is not said what was kept waiting: %s", lines[2])
	}
	if want := []string{"teardown.html"}; !slices.Equal(r.files, want) {
		t.Errorf("left behind %v, want %v", r.files, want)
	}
}

// The second run finds what the first has taken, and takes the rest: so few
// that time does not come into it.
func TestProgramGoesOn(t *testing.T) {
	const n = 30
	rows := columns + "\n"
	for _, o := range ordersNo(1, n) {
		rows += strings.Replace(goodRow, "W-1,", o.Number+",", 1) + "\n"
	}
	dir := t.TempDir()
	file, data := filepath.Join(dir, "orders.csv"), filepath.Join(dir, "data")
	if err := os.WriteFile(file, []byte(rows), 0o644); err != nil {
		t.Fatal(err)
	}
	taken := 0
	for i, clients := range []string{"2", "2", "1"} {
		r := runProgram(t, "-orders", file, "-data", data, "-clients", clients)
		if r.code != 0 {
			t.Fatalf("run %d: exit code %d, stderr %q", i+1, r.code, r.stderr)
		}
		if i > 0 {
			if earlier := r.numberOf(t, "orders of earlier runs"); earlier != taken {
				t.Errorf("run %d found %d orders of earlier runs, want %d", i+1, earlier, taken)
			}
		}
		taken += r.numberOf(t, "orders acknowledged")
		if committed := r.numberOf(t, "rows committed"); committed != taken || i > 0 && taken != n {
			t.Errorf("%d rows after run %d, %d acknowledged, of %d", committed, i+1, taken, n)
		}
	}
}

func TestUsageFaults(t *testing.T) {
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := write("file", "")
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"unknown flag":         {[]string{"-nope"}, "flag provided but not defined: -nope"},
		"argument":             {[]string{"orders.csv"}, `unexpected argument "orders.csv"`},
		"orders without file":  {[]string{"-orders"}, "flag needs an argument: -orders"},
		"orders of nothing":    {[]string{"-orders", ""}, "names no file"},
		"no such file":         {[]string{"-orders", "{dir}/nope.csv"}, "nope.csv: no such file"},
		"directory for file":   {[]string{"-orders", "{dir}"}, "is a directory"},
		"newline in a name":    {[]string{"-orders", "no\nsuch"}, `open no\nsuch: no such file`},
		"empty file":           {[]string{"-orders", file}, "is empty, want the header"},
		"bad header":           {[]string{"-orders", write("h.csv", "a,b\n"+goodRow)}, `begins with "a,b"`},
		"bad rows":             {[]string{"-orders", write("r.csv", columns+"\nx\ny\n")}, "has no good row: 2 of 2"},
		"port in use":          {[]string{"-addr", taken.Addr().String()}, "address already in use"},
		"no address":           {[]string{"-addr", "127.0.0.1"}, "-addr: "},
		"public address":       {[]string{"-addr", "0.0.0.0:0"}, "is no loopback address"},
		"data below a file":    {[]string{"-data", filepath.Join(file, "data")}, "-data: mkdir"},
		"data of nothing":      {[]string{"-data", ""}, "names no directory"},
		"data of a killed run": {[]string{"-data", temporaryPrefix + "1"}, "are those of temporary directories"},
		"negative hangups":     {[]string{"-hangups", "-1s"}, "-hangups: -1s is negative"},
		"hangups in words":     {[]string{"-hangups", "long"}, `invalid value "long"`},
		"html nowhere":         {[]string{"-html", "{dir}/nope/x.html"}, "nope/x.html: no such file or directory"},
		"html a directory":     {[]string{"-html", "{dir}"}, "is a directory"},
		"html of nothing":      {[]string{"-html", ""}, "-html: names no file"},
		"svg nowhere":          {[]string{"-svg", "{dir}/nope/x.svg"}, "nope/x.svg: no such file or directory"},
		"no clients":           {[]string{"-clients", "0"}, "-clients: 0 is not between"},
		"clients in words":     {[]string{"-clients", "many"}, `invalid value "many"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := runProgram(t, test.args...)
			if r.code != 2 || r.stdout != "" {
				t.Errorf("exit code %d, want 2; stdout %q", r.code, r.stdout)
			}
			if !strings.HasPrefix(r.stderr, "orders: ") || !strings.Contains(r.stderr, test.want) || strings.Count(r.stderr, "\n") != 1 {
				t.Errorf("stderr %q, want one line with %q", r.stderr, test.want)
			}
			if len(r.files) > 0 {
				t.Errorf("left behind %v", r.files)
			}
		})
	}
}

func TestUsageFaultOfTheEnvironment(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "%%")
	if r := runProgram(t); r.code != 2 || !strings.HasPrefix(r.stderr, "orders: OTEL_EXPORTER_OTLP_ENDPOINT: ") {
		t.Errorf("exit code %d, stderr %q", r.code, r.stderr)
	}
}

func TestHelp(t *testing.T) {
	r := runProgram(t, "-h")
	if r.code != 0 || r.stderr != "" {
		t.Errorf("exit code %d, stderr %q", r.code, r.stderr)
	}
	for _, want := range []string{"usage: orders", "-chaos", "-data DIR", "exit code: 0"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in\n%s", want, r.stdout)
		}
	}
}

// A service that cannot open is no usage fault and no success, and its
// listener, clients and files are given up like everything else.
func TestServiceThatCannotOpen(t *testing.T) {
	for name, path := range map[string]string{"database": "orders.db", "journal": "orders.journal", "stream": "stream"} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			broken := strings.Repeat("this is something else\n", 1000)
			if err := os.WriteFile(filepath.Join(data, path), []byte(broken), 0o644); err != nil {
				t.Fatal(err)
			}
			r := runProgram(t, "-data", data)
			if r.code != 1 || !strings.Contains(r.stderr, path) || strings.Count(r.stderr, "\n") != 1 {
				t.Errorf("exit code %d, stderr %q, want one line with %s", r.code, r.stderr, path)
			}
			if len(r.files) > 0 {
				t.Errorf("left behind %v", r.files)
			}
		})
	}
}
