package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/scope"
)

// hangups are clients that hang up, at any instant between the last byte of the
// request and the answer. Some close their side of the connection alone and read
// on, as a client that has no more to send may: net/http cancels the request all
// the same, and what answer comes must be true. Others close it altogether, and
// have an order without an answer.
type hangups struct {
	answers

	addr   string
	orders []Order // that theirs are made from
	n      int     // clients at once
	time   time.Duration
	run    string // begins the numbers of their orders: no two runs have the same

	sent                       atomic.Int64
	stayed, halfClosed, hungUp atomic.Int64 // requests by what the client did
}

// newRun returns a name for a run.
func newRun() string { return fmt.Sprintf("R%08X", rand.Uint32()) }

// String says what the clients have done.
func (h *hangups) String() string {
	return fmt.Sprintf("%d orders sent: %d clients waited for the answer, %d closed their side and read on, %d hung up",
		h.sent.Load(), h.stayed.Load(), h.halfClosed.Load(), h.hungUp.Load())
}

// send sends orders until the service has stopped, and calls enough when the
// time is up. It returns an error if an order was rejected.
func (h *hangups) send(ctx context.Context, enough func()) error {
	over := time.AfterFunc(h.time, enough)
	defer over.Stop()
	err := scope.Run(context.WithoutCancel(ctx), func(_ context.Context, s *scope.Scope) error {
		for range h.n {
			s.Go("client", h.sendSome)
		}
		return nil
	}, scope.WithName("clients"), scope.WithSlowThreshold(h.time+answerTime)) // they are to last for so long
	return multierr.Append(err, h.err())
}

// sendSome is one client, of many connections one after the other. It ends when
// the service takes no more of them.
func (h *hangups) sendSome(context.Context) error {
	took := 10 * time.Millisecond // the last answer of a request that was waited for
	for {
		conn, err := net.Dial("tcp", h.addr)
		if err != nil {
			return nil
		}
		took, err = h.talk(conn.(*net.TCPConn), took)
		if err != nil {
			return err
		}
	}
}

// talk sends orders on one connection, the last of which it hangs up on. The
// instant to do so is chosen from twice the time that the last answer took, so
// that it falls into every part of a request. An error is none of the
// connection: those end the talk.
func (h *hangups) talk(conn *net.TCPConn, took time.Duration) (time.Duration, error) {
	defer conn.Close()
	replies := bufio.NewReader(conn)
	for {
		o := h.nextOrder()
		body, err := json.Marshal(o)
		if err != nil {
			return took, err
		}
		begun := time.Now()
		if err := conn.SetDeadline(begun.Add(answerTime)); err != nil {
			return took, err
		}
		_, err = fmt.Fprintf(conn, "POST /orders HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", h.addr, len(body), body)
		if err != nil {
			h.noteNone(o)
			return took, nil
		}
		does := rand.IntN(4)
		switch {
		case does == 0:
			h.hungUp.Add(1)
			time.Sleep(rand.N(2 * took))
			h.noteNone(o)
			return took, nil
		case does < 3:
			h.halfClosed.Add(1)
			time.Sleep(rand.N(2 * took))
			_ = conn.CloseWrite() // in vain if the service has closed it
		default:
			h.stayed.Add(1)
		}
		status, text, err := answer(http.ReadResponse(replies, nil))
		if err != nil {
			h.noteNone(o)
			return took, nil
		}
		h.note(o, status, text)
		if does == 3 && status == http.StatusCreated {
			took = time.Since(begun)
		}
		if does != 3 || status == http.StatusServiceUnavailable {
			return took, nil
		}
	}
}

// nextOrder makes an order with a number of its own.
func (h *hangups) nextOrder() Order {
	n := h.sent.Add(1)
	o := h.orders[int(n)%len(h.orders)]
	o.Number = h.run + "-" + strconv.FormatInt(n, 10)
	return o
}
