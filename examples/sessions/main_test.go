package main

import (
	"context"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// Each session gets a close that says that the server goes away, and no exit waits for a client that has
// left; what they use is dropped after the last of them.
func TestGoodbye(t *testing.T) {
	const clients = 20
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	status := make(chan websocket.StatusCode, clients)
	var report *trace.Report
	err := scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "db", func(context.Context) error {
			if n := len(s.Snapshot().Children); n > 0 {
				t.Errorf("%d sessions are left", n)
			}
			return nil
		})
		if err != nil {
			return err
		}
		addr, err := serve(ctx, s, "127.0.0.1:0")
		if err != nil {
			return err
		}
		for k := range clients {
			c, _, err := websocket.Dial(t.Context(), "ws://"+addr.String()+"/ws", nil)
			if err != nil {
				return err
			}
			if err := c.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
				return err
			}
			if _, got, err := c.Read(t.Context()); string(got) != "hello" {
				t.Errorf("got %q, %v", got, err)
			}
			if k%4 == 0 {
				if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
					t.Error(err)
				}
				continue
			}
			go func() {
				_, _, err := c.Read(t.Context())
				status <- websocket.CloseStatus(err)
			}()
		}
		s.Stop(nil)
		return s.Wait(ctx)
	}, scope.WithName("sessions"), scope.WithGrace(time.Minute), scope.WithReport(func(r *trace.Report) { report = r }))
	if err != nil {
		t.Error(err)
	}
	for range clients - clients/4 {
		if got := <-status; got != websocket.StatusGoingAway {
			t.Errorf("status %v", got)
		}
	}
	if took := report.Ended.Sub(report.Started); took > 10*time.Second {
		t.Errorf("the exit took %v", took)
	}
}
