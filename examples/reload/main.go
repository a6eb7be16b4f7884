// Reload swaps what a server works with while it serves: its configuration is read again
// on SIGHUP. A generation is a pool and two daemons, which are replaced as a whole. A
// request that has begun with one generation ends with it; that is stopped when its last
// request has ended. A configuration that cannot be opened changes nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where requests are served")
	file := flag.String("config", "config.txt", "the file with the name of the database")
	flag.Parse()
	os.Exit(scope.Main(func(ctx context.Context, s *scope.Scope) error {
		l, err := newService(ctx, s, *file)
		if err != nil {
			return err
		}
		if _, err := s.Daemon("reload on SIGHUP", l.reloads); err != nil {
			return err
		}
		bound, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: *addr, Handler: l})
		if err != nil {
			return err
		}
		fmt.Println("http://" + bound.String())
		return s.Wait(ctx)
	}, scope.WithName("reload")))
}

// generation is what one configuration leads to.
type generation struct {
	name   string
	closed atomic.Bool
}

// service answers requests with the generation of its current configuration.
type service struct {
	file string
	slot *scope.Slot[*generation]
}

func newService(ctx context.Context, s *scope.Scope, file string) (l *service, err error) {
	l = &service{file: file}
	l.slot, err = scope.NewSlot(ctx, s, "generation", l.open, func(_ context.Context, g *generation) error {
		g.closed.Store(true)
		return nil
	})
	return l, err
}

// open reads the configuration. The daemons lie in the scope of the value: they end with
// it, after its drop function.
func (l *service) open(ctx context.Context) (*generation, error) {
	text, err := os.ReadFile(l.file)
	if err != nil {
		return nil, err
	}
	g := &generation{name: strings.TrimSpace(string(text))}
	value, _ := scope.From(ctx)
	for _, name := range []string{"dispatcher", "inhibitor"} {
		if _, err := value.Daemon(name, every(time.Second)); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// every returns a daemon that does something in turns.
func every(d time.Duration) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		tick := time.NewTicker(d)
		defer tick.Stop()
		for {
			select {
			case <-tick.C: // do it
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// reloads replaces the generation at each SIGHUP.
func (l *service) reloads(ctx context.Context) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-hup:
			if err := l.slot.Replace(ctx, l.open); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// ServeHTTP borrows the generation for as long as the request takes.
func (l *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := l.slot.Borrow(r.Context(), func(_ context.Context, g *generation) error {
		if g.closed.Load() {
			return fmt.Errorf("generation %s was closed in use", g.name)
		}
		_, err := fmt.Fprintln(w, g.name)
		return err
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
