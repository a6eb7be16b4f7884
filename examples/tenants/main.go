// Tenants gives each tenant a pool of its own, which is opened by the tenant's first
// request, once for all that wait for it, and closed when it has had none for a while, or
// when the tenant is removed. The server depends on all pools, and stops before them.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where requests are served: GET and DELETE /TENANT")
	idle := flag.Duration("idle", 10*time.Minute, "how long a pool may be unused")
	flag.Parse()
	os.Exit(scope.Main(func(ctx context.Context, s *scope.Scope) error {
		pools := newPools(s, *idle, func(what string) { fmt.Println(what) })
		bound, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: *addr, Handler: handler(pools)})
		if err != nil {
			return err
		}
		fmt.Println("http://" + bound.String())
		return s.Wait(ctx)
	}, scope.WithName("tenants")))
}

// pool stands for the connections of one tenant.
type pool struct{ tenant string }

type pools = scope.Slots[string, *pool]

// newPools returns the pools by tenant; note hears what becomes of each.
func newPools(s *scope.Scope, idle time.Duration, note func(what string)) *pools {
	return scope.NewSlots(s, "pools",
		func(_ context.Context, tenant string) (*pool, error) {
			note("open " + tenant)
			return &pool{tenant}, nil
		},
		func(_ context.Context, tenant string, _ *pool) error {
			note("close " + tenant)
			return nil
		},
		scope.SlotIdle(idle))
}

// handler answers the requests of tenants.
func handler(l *pools) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}", func(w http.ResponseWriter, r *http.Request) {
		err := l.Borrow(r.Context(), r.PathValue("tenant"), func(_ context.Context, p *pool) error {
			_, err := fmt.Fprintf(w, "hello %s, one of %d\n", p.tenant, l.Len())
			return err
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("DELETE /{tenant}", func(w http.ResponseWriter, r *http.Request) {
		if err := l.Evict(r.Context(), r.PathValue("tenant")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return mux
}
