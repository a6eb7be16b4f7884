// Background acknowledges an item at once and delivers it afterwards. What was
// acknowledged with 202 is delivered, also when the program is stopped in mid-traffic:
// deliveries are tasks of a Graceful child, which the server depends on. So the child
// takes tasks until the server has stopped, and then has its share of the grace to work
// them off. What it could not deliver is named, and the exit code is 1.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where items are taken: POST /items/{id}")
	target := flag.String("target", "", "the URL that items are delivered to")
	grace := flag.Duration("grace", 20*time.Second, "how long the exit may take")
	flag.Parse()
	os.Exit(scope.Main(func(ctx context.Context, s *scope.Scope) error {
		return serve(ctx, s, *addr, *target)
	}, scope.WithName("background"), scope.WithStopFirst(), scope.WithGrace(*grace)))
}

// serve takes items until it is asked to stop.
func serve(ctx context.Context, s *scope.Scope, addr, target string) error {
	// A delivery that fails costs no other: the child is a supervisor.
	deliveries, err := s.Child("deliveries", scope.Graceful(), scope.WithSupervisor())
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /items/{id}", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		err := deliveries.Submit(r.Context(), "deliver "+id, func(ctx context.Context) error {
			return deliver(ctx, target, id)
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable) // not taken
			return
		}
		w.WriteHeader(http.StatusAccepted) // Submit has said that it is going to run
	})
	bound, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: addr, Handler: mux}, scope.AlsoDependsOn(deliveries))
	if err != nil {
		return err
	}
	fmt.Println("http://" + bound.String())
	return s.Wait(ctx)
}

// deliver sends an item to the target, and tries again while there is time.
func deliver(ctx context.Context, target, id string) error {
	for {
		err := send(ctx, target, id)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("item %s was not delivered: %v", id, err) // no echo: it is lost
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func send(ctx context.Context, target, id string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(id))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("status %s", answer.Status)
	}
	return nil
}
