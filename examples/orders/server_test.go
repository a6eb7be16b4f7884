package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

func testListener(t *testing.T) net.Listener {
	t.Helper()
	l, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// A request that has begun when the scope is canceled is answered, its context
// alive; and the drop waits for it.
func TestServerAnswersWhatItHasBegun(t *testing.T) {
	l := testListener(t)
	begun, finish := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-scope.Stopping(r.Context())
		<-finish
		if err := r.Context().Err(); err != nil {
			t.Errorf("the request was canceled: %v", err)
		}
		io.WriteString(w, "done")
	})
	answer := make(chan string, 1)
	enough := errors.New("enough")
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		if _, _, err := scopehttp.ServeOn(ctx, s, "server", l, newServer(handler)); err != nil {
			return err
		}
		go func() { answer <- get(t, "http://"+l.Addr().String()) }()
		<-begun
		s.Cancel(enough)
		close(finish)
		return nil
	})
	if err != enough {
		t.Errorf("%v, want the cause and nothing else", err)
	}
	if got := <-answer; got != "done" {
		t.Errorf("answered %q", got)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("still listens")
	}
}

func get(t *testing.T, url string) string {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// A listener that was closed before is an error of the start, and not of a server that
// seemed to run.
func TestServerFailsWithItsListener(t *testing.T) {
	l := testListener(t)
	l.Close()
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		_, _, err := scopehttp.ServeOn(ctx, s, "server", l, newServer(http.NotFoundHandler()))
		return err
	})
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v, want that the listener is closed", err)
	}
}
