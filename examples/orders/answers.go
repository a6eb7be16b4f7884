package main

import (
	"fmt"
	"net/http"
	"sync"
)

// answers are the answers that the clients have to their orders. The zero value is
// ready.
type answers struct {
	mu           sync.Mutex // protects the following
	acknowledged []string   // numbers of the orders that were answered with 201
	unanswered   []string   // of those that may or may not have been taken: no whole answer came
	known        int        // orders that an earlier run has taken: answered with 200
	refused      int        // orders that were not taken: answered with 503
	rejected     []error    // those that the service would not have: any other status
}

// note notes the answer to an order, and returns how many were acknowledged.
func (a *answers) note(o Order, status int, text []byte) (acknowledged int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch status {
	case http.StatusCreated:
		a.acknowledged = append(a.acknowledged, o.Number)
	case http.StatusOK:
		a.known++
	case http.StatusServiceUnavailable:
		a.refused++
	default:
		a.rejected = append(a.rejected, fmt.Errorf("%s: status %d: %s", o.Number, status, text))
	}
	return len(a.acknowledged)
}

// noteNone notes that no whole answer came.
func (a *answers) noteNone(o Order) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.unanswered = append(a.unanswered, o.Number)
}

// err is an error if an order was rejected.
func (a *answers) err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := len(a.rejected); n > 0 {
		return fmt.Errorf("%d orders were rejected, the first: %w", n, a.rejected[0])
	}
	return nil
}
