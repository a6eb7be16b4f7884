package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/ebb-go/ebb/scope"
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

func (a *api) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", a.take)
	return mux
}

// take takes an order. 201 is the acknowledgement: the order is on the disk,
// and its event is on the way to the journal and the stream, which nothing but
// the loss of the disk can prevent. 200 says the same of an order that was
// taken before. Any other status says that nothing was written.
func (a *api) take(w http.ResponseWriter, r *http.Request) {
	// Once stopping, the server may close a connection on which it has not
	// yet seen the request, and the answer would be lost. So nothing is begun
	// then. A request that comes past this line is one that it has seen:
	// Shutdown is called later, and waits for it.
	select {
	case <-scope.Stopping(r.Context()):
		refuse(w, http.StatusServiceUnavailable, "the service is stopping")
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
	known, err := a.commit(r.Context(), o)
	switch {
	case errors.Is(err, errConflict):
		refuse(w, http.StatusConflict, fmt.Sprintf("%s: %v", o.Number, errConflict))
		return
	case err != nil:
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	answer := receipt{Number: o.Number, Total: (o.Price * Cents(o.Quantity)).String()}
	if known {
		respond(w, http.StatusOK, answer)
		return
	}
	a.relay.wake()
	answer.Sold = a.cache.add(o)
	respond(w, http.StatusCreated, answer)
}

// commit writes an order in a scope of its own. When Run has returned nil, the
// transaction has been committed.
func (a *api) commit(ctx context.Context, o Order) (known bool, err error) {
	err = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		tx, err := begin(ctx, s, a.db, a.tally)
		if err != nil {
			return err
		}
		known, err = insertOrder(ctx, tx, o)
		return err
	}, scope.WithName("POST /orders"), scope.WithSpanMode(scope.SpanLinkedRoot))
	return known, err
}

func respond(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer) // if the client has gone, there is nobody to tell
}

func refuse(w http.ResponseWriter, status int, reason string) {
	respond(w, status, map[string]string{"error": reason})
}
