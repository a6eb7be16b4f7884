package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain is the program itself if it is called as a child process of a test.
func TestMain(m *testing.M) {
	if os.Getenv("BACKGROUND_TEST") != "" {
		main()
	}
	os.Exit(m.Run())
}

// program is a running program.
type program struct {
	cmd    *exec.Cmd
	url    string
	stderr strings.Builder
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{cmd: exec.CommandContext(t.Context(), os.Args[0], append([]string{"-addr", "127.0.0.1:0"}, args...)...)}
	p.cmd.Env = append(os.Environ(), "BACKGROUND_TEST=1")
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("the program says nothing: %v", p.cmd.Wait())
	}
	p.url = lines.Text()
	return p
}

// stop sends SIGTERM and returns the exit code and how long the exit took.
func (p *program) stop(t *testing.T) (code int, took time.Duration) {
	t.Helper()
	begun := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode(), time.Since(begun)
}

// post sends items until the program has gone, and returns those that were acknowledged.
func post(url string, client int, enough chan<- struct{}) (acknowledged []string) {
	for k := 0; ; k++ {
		id := fmt.Sprintf("%d-%d", client, k)
		r, err := http.Post(url+"/items/"+id, "text/plain", nil)
		if err != nil {
			return acknowledged
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
		if r.StatusCode == http.StatusAccepted {
			acknowledged = append(acknowledged, id)
		}
		if k == 5 {
			enough <- struct{}{}
		}
	}
}

// Twenty times SIGTERM comes in mid-traffic: each acknowledged item is delivered, and each
// exit ends in order inside its grace.
func TestStoppedInMidTraffic(t *testing.T) {
	const grace, clients = 10 * time.Second, 8
	var mu sync.Mutex
	delivered := make(map[string]bool)
	target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		id, err := io.ReadAll(r.Body)
		time.Sleep(5 * time.Millisecond) // the target takes its time; no test waits for this
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			delivered[string(id)] = true
		}
	}))
	defer target.Close()
	total := 0
	for round := range 20 {
		p := start(t, "-target", target.URL, "-grace", grace.String())
		var all sync.WaitGroup
		acknowledged := make([][]string, clients)
		enough := make(chan struct{}, clients)
		for k := range clients {
			all.Go(func() { acknowledged[k] = post(p.url, round*clients+k, enough) })
		}
		for range clients {
			<-enough
		}
		code, took := p.stop(t)
		all.Wait()
		if code != 0 || took > grace || p.stderr.Len() > 0 {
			t.Errorf("round %d: exit %d after %v: %s", round, code, took, p.stderr.String())
		}
		mu.Lock()
		for _, ids := range acknowledged {
			for _, id := range ids {
				total++
				if !delivered[id] {
					t.Errorf("round %d: item %s was acknowledged and not delivered", round, id)
				}
			}
		}
		mu.Unlock()
	}
	t.Logf("%d items acknowledged and delivered", total)
}

// A target that hangs costs the items, each by name, and exit code 1, and no more time than
// the grace.
func TestTargetHangs(t *testing.T) {
	const grace = 2 * time.Second
	ctx, cancel := context.WithCancel(t.Context())
	target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-ctx.Done():
		}
	}))
	defer target.Close()
	defer cancel()
	p := start(t, "-target", target.URL, "-grace", grace.String())
	for _, id := range []string{"17", "18"} {
		r, err := http.Post(p.url+"/items/"+id, "text/plain", nil)
		if err != nil || r.StatusCode != http.StatusAccepted {
			t.Fatalf("%v, %v", r, err)
		}
		_ = r.Body.Close()
	}
	code, took := p.stop(t)
	if code != 1 || took > grace {
		t.Errorf("exit %d after %v", code, took)
	}
	for _, want := range []string{"item 17 was not delivered", "item 18 was not delivered", `"deliveries"`} {
		if !strings.Contains(p.stderr.String(), want) {
			t.Errorf("no %q in:\n%s", want, p.stderr.String())
		}
	}
}
