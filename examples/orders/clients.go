package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// answerTime is how long a client waits for an answer.
const answerTime = 5 * time.Second

// clients are the world outside: they know the service by its address only.
type clients struct {
	url      string
	orders   []Order
	progress func(n int) // called after the n-th acknowledgement, perhaps concurrently
	next     atomic.Int64
	stopped  atomic.Bool // the service has refused, or is not there any more

	mu           sync.Mutex // protects the following
	acknowledged []string   // numbers of the orders that were answered with 201
	known        int        // orders that an earlier run has taken: answered with 200
	rejected     []error    // those that the service would not have
}

// send sends the orders from n clients, each one after the other, until all are
// sent or the service has stopped. It returns when the last answer is in, and
// an error only if an order was rejected.
func (c *clients) send(ctx context.Context, n int) error {
	// What is sent is not called back when ctx ends: a client that hung up
	// would not hear that its order was taken.
	ctx = context.WithoutCancel(ctx)
	err := scope.Run(ctx, func(_ context.Context, s *scope.Scope) error {
		for range n {
			s.Go("client", c.sendSome)
		}
		return nil
	}, scope.WithName("clients"))
	if n := len(c.rejected); err == nil && n > 0 {
		err = fmt.Errorf("%d orders were rejected, the first: %w", n, c.rejected[0])
	}
	return err
}

// sendSome is one client. It has a connection of its own.
func (c *clients) sendSome(ctx context.Context) error {
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}, Timeout: answerTime}
	defer client.CloseIdleConnections()
	for !c.stopped.Load() {
		i := int(c.next.Add(1)) - 1
		if i >= len(c.orders) {
			return nil
		}
		if err := c.post(ctx, client, c.orders[i]); err != nil {
			return err
		}
	}
	return nil
}

// post sends one order, and notes the answer. That there is none is no error:
// it happens when a service stops.
func (c *clients) post(ctx context.Context, client *http.Client, o Order) error {
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/orders", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		c.stopped.Store(true)
		return nil
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		c.stopped.Store(true)
		return nil
	}
	c.note(o, response.StatusCode, text)
	return nil
}

func (c *clients) note(o Order, status int, text []byte) {
	if status == http.StatusServiceUnavailable {
		c.stopped.Store(true)
		return
	}
	c.mu.Lock()
	switch status {
	case http.StatusCreated:
		c.acknowledged = append(c.acknowledged, o.Number)
	case http.StatusOK:
		c.known++
	default:
		c.rejected = append(c.rejected, fmt.Errorf("%s: status %d: %s", o.Number, status, bytes.TrimSpace(text)))
	}
	n := len(c.acknowledged)
	c.mu.Unlock()
	if status == http.StatusCreated {
		c.progress(n)
	}
}
