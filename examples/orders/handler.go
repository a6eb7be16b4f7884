package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

// maxBody is more than any order takes.
const maxBody = 16 << 10

// api answers clients.
type api struct {
	db    *sql.DB
	cache *cache
	relay *relay
	tally *tally
}

// receipt is the answer to an order that was taken.
type receipt struct {
	Number string `json:"number"`
	Total  string `json:"total"`
	Sold   int64  `json:"sold,omitempty"` // units of this SKU so far
}

// routes returns the handler of the service. Each request is a scope and a trace of its
// own, which is linked to that of the service.
func (a *api) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", a.take)
	return scopehttp.Handler(mux, scopehttp.Scope(scope.WithSpanMode(scope.SpanLinkedRoot)))
}

// take takes an order. 201 is the acknowledgement: the order is on the disk,
// and its event is on the way to the journal and the stream, which nothing but
// the loss of the disk can prevent. 200 says the same of an order that was
// taken before. Any other status says that nothing was written; 503 that the
// order can be sent again.
func (a *api) take(w http.ResponseWriter, r *http.Request) {
	// Once stopping, the server may close a connection on which it has not
	// yet seen the request, and the answer would be lost. So nothing is begun
	// then. A request that comes past this line is one that it has seen:
	// Shutdown is called later, and waits for it.
	stopping := scope.Stopping(r.Context())
	select {
	case <-stopping:
		unavailable(w, r)
		return
	default:
	}
	var o Order
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&o); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := o.check(); err != nil {
		refuse(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	if !a.relay.reserve(stopping) {
		unavailable(w, r)
		return
	}
	known, sold, err := a.commit(r.Context(), o)
	switch {
	case err == nil && known:
		respond(w, http.StatusOK, receipt{Number: o.Number, Total: o.total().String()})
	case err == nil:
		respond(w, http.StatusCreated, receipt{Number: o.Number, Total: o.total().String(), Sold: sold})
	case errors.Is(err, errConflict):
		refuse(w, http.StatusConflict, fmt.Sprintf("%s: %v", o.Number, errConflict))
	case r.Context().Err() != nil:
		unavailable(w, r)
	default:
		refuse(w, http.StatusInternalServerError, err.Error())
	}
}

// commit writes an order, for whose event there is room, in a scope of its own.
// known reports that it was there already; otherwise sold is how many units of
// its SKU have been sold. When Run has returned nil, and only then, the
// transaction has been committed.
func (a *api) commit(ctx context.Context, o Order) (known bool, sold int64, err error) {
	taken := false
	defer func() {
		if !taken {
			a.relay.free(1)
		}
	}()
	err = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		tx, err := begin(ctx, s, a.db, a.tally, func() {
			// What is committed is counted and passed on, even if the client
			// is not to hear of it.
			if taken = !known; taken {
				sold = a.cache.add(o)
				a.relay.wake()
			}
		})
		if err != nil {
			return err
		}
		known, err = insertOrder(ctx, tx, o)
		return err
	}, scope.WithName("commit"), scope.WithSpanMode(scope.SpanChild)) // in the trace of its request
	return known, sold, err
}

// unavailable answers a request of which nothing was written because it was
// canceled or because the service is stopping. A canceled one is answered too: if
// its client has closed its own side of the connection and reads on, net/http
// takes that for hanging up.
func unavailable(w http.ResponseWriter, r *http.Request) {
	reason := "the service is stopping"
	if r.Context().Err() != nil {
		reason = "the request was canceled"
	}
	refuse(w, http.StatusServiceUnavailable, reason)
}

func respond(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer) // an error means that the client has gone
}

func refuse(w http.ResponseWriter, status int, reason string) {
	respond(w, status, map[string]string{"error": reason})
}
