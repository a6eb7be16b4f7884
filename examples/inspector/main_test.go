package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// lines is a writer that hands on each line written to it.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// The service stops when asked on the page, the page shows how, and it starts
// again; and the program ends when it is told to.
func TestStopAndStartAgain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	out := make(lines, 10)
	d := newDemo(time.Millisecond, out)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error { return d.run(ctx, s, l) },
			scope.WithName("demo"), scope.WithInspector(&d.live))
	}()
	<-out // where the page is

	for range 2 {
		if page := request(t, "POST", url+"/stop"); !strings.Contains(page, "ebb") {
			t.Errorf("stopping does not lead to the page but to:\n%s", page)
		}
		if line := <-out; !strings.Contains(line, `drop "mailer" (wave 0): 421 try again later`) {
			t.Errorf("stopped with %q", line)
		}
	}
	var live struct {
		Teardowns []struct {
			Scope                string
			Drops, Waves, Failed int
		}
	}
	if err := json.Unmarshal([]byte(request(t, "GET", url+"/debug/ebb/?format=json")), &live); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, td := range live.Teardowns {
		if td.Scope != "demo/orders" {
			continue
		}
		if seen++; td.Drops != 9 || td.Waves != 4 || td.Failed != 1 {
			t.Errorf("teardown %+v, want 9 drops in 4 waves, 1 of them failed", td)
		}
	}
	if seen != 2 {
		t.Errorf("the page has %d teardowns of the service, want 2", seen)
	}
	if page := request(t, "GET", url+"/"); !strings.Contains(page, "/debug/ebb/") {
		t.Errorf("no link to the page:\n%s", page)
	}

	cancel()
	if err := <-ended; err != context.Canceled {
		t.Errorf("ended with %v, want the cause and nothing else", err)
	}
}

func request(t *testing.T, method, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
