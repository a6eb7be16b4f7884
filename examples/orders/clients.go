package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/scope"
)

// answerTime is how long a client waits for an answer.
const answerTime = 5 * time.Second

// trafficTime is when the service has had enough at the latest, however slow the
// disk.
const trafficTime = 3 * time.Second

// clients are the world outside: they know the service by its address only.
type clients struct {
	answers

	url      string
	orders   []Order
	n        int         // clients at once
	middle   int         // acknowledgements that are enough
	progress func(n int) // called after the n-th acknowledgement, perhaps concurrently
	next     atomic.Int64
	stopped  atomic.Bool // the service has refused, or no longer answers
}

// send sends the orders, each client one after the other, until all are sent or
// the service has stopped. It calls enough once as many are acknowledged as it
// takes, or when it has lasted for trafficTime. It returns when the last answer
// is in, and an error only if an order was rejected.
func (c *clients) send(ctx context.Context, enough func()) error {
	late := time.AfterFunc(trafficTime, enough)
	defer late.Stop()
	// What is sent is not called back when ctx ends: a client that hung up
	// would not hear that its order was taken.
	ctx = context.WithoutCancel(ctx)
	err := scope.Run(ctx, func(_ context.Context, s *scope.Scope) error {
		for range c.n {
			s.Go("client", func(ctx context.Context) error { return c.sendSome(ctx, enough) })
		}
		return nil
	}, scope.WithName("clients"))
	return multierr.Append(err, c.err())
}

// sendSome is one client. It has a connection of its own.
func (c *clients) sendSome(ctx context.Context, enough func()) error {
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}, Timeout: answerTime}
	defer client.CloseIdleConnections()
	for !c.stopped.Load() {
		i := int(c.next.Add(1)) - 1
		if i >= len(c.orders) {
			return nil
		}
		if err := c.post(ctx, client, c.orders[i], enough); err != nil {
			return err
		}
	}
	return nil
}

// post sends one order, and notes the answer. That there is none is no error:
// it happens when a service stops.
func (c *clients) post(ctx context.Context, client *http.Client, o Order, enough func()) error {
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/orders", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	status, text, err := answer(client.Do(request))
	if err != nil {
		c.stopped.Store(true)
		if !unsent(err) {
			c.noteNone(o)
		}
		return nil
	}
	n := c.note(o, status, text)
	switch status {
	case http.StatusServiceUnavailable:
		c.stopped.Store(true)
	case http.StatusCreated:
		c.progress(n)
		if n >= c.middle {
			enough()
		}
	}
	return nil
}

// unsent reports whether a request came to no connection.
func unsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// answer reads the whole of a response.
func answer(response *http.Response, err error) (status int, text []byte, _ error) {
	if err != nil {
		return 0, nil, err
	}
	text, err = io.ReadAll(io.LimitReader(response.Body, maxBody))
	return response.StatusCode, bytes.TrimSpace(text), errors.Join(err, response.Body.Close())
}
