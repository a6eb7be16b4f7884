package scopehttp

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"

	"github.com/ebb-go/ebb/group"
)

// peer is a connection of a server.
type peer struct {
	conn net.Conn

	// Guarded by the server's mu.
	state    http.ConnState // the newest that net/http has reported
	requests int            // handlers that have begun
	untold   bool           // it may have missed that Shutdown told connections of HTTP/2 to go away
	refused  bool           // the server closes it, and begins no request of it; terminal
}

// peerKey is the key of a request's peer in its context.
type peerKey struct{}

// silent reports whether nothing was asked on the connection, nor will be answered
// once Shutdown was called. On HTTP/1 that is a new connection: what is read from
// there on is dropped by net/http, before the handler. On HTTP/2 it can also be one
// that was late to be told to go away.
func (p *peer) silent() bool {
	return p.state == http.StateNew || p.untold && p.state == http.StateIdle && p.requests == 0
}

// admit counts a connection in, before net/http reports it as new.
func (v *server) admit(c net.Conn) *peer {
	p := &peer{conn: c, state: http.StateNew}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.peers == nil {
		v.peers = make(map[net.Conn]*peer)
	}
	v.peers[c] = p
	v.fresh++
	return p
}

// note hears of every change of a connection's state, on the connection's goroutine,
// in order: new, then active and idle in turns, then closed or hijacked.
func (v *server) note(c net.Conn, state http.ConnState) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.peers[c]
	if p == nil {
		return
	}
	if p.state == http.StateNew && state != http.StateNew {
		v.fresh--
		p.untold = v.stage == ending
	}
	p.state = state
	if state == http.StateClosed || state == http.StateHijacked {
		delete(v.peers, c)
	}
	v.settleLocked()
}

// begin counts a handler in, unless its connection is being closed, so that the answer
// would be lost. It also reports whether the request is to be the connection's last.
func (v *server) begin(p *peer) (begun, last bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed || p != nil && p.refused {
		return false, false
	}
	if p != nil {
		p.requests++
	}
	v.handlers++
	return true, v.stage == leaving || v.stage == refusing
}

// end counts a handler out.
func (v *server) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.handlers--
	select {
	case <-v.over:
		// It was canceled, and may have ended before stop gets to see that: so it
		// is counted here.
		v.late++
	default:
	}
	v.settleLocked()
}

// refuse closes peers, of which no request begins from now on.
func (v *server) refuse(peers ...*peer) {
	v.mu.Lock()
	for _, p := range peers {
		p.refused = true
	}
	v.mu.Unlock()
	var closing group.Tasks // all at once, and whatever their Close does
	for _, p := range peers {
		closing.Go(func(context.Context) error { return cut(p.conn) })
	}
	_ = closing.Wait() // the peer sees it, and there is no other to report to
}

// refuseAll refuses the peers for which which holds, decided in one step with the
// beginning of their requests, and returns how many there were.
func (v *server) refuseAll(which func(*peer) bool) int {
	v.mu.Lock()
	var peers []*peer
	for _, p := range v.peers {
		if which(p) {
			p.refused = true
			peers = append(peers, p)
		}
	}
	v.mu.Unlock()
	v.refuse(peers...)
	return len(peers)
}

// cut closes a connection at once, without the goodbye of TLS, which can block.
func cut(c net.Conn) error {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	return c.Close()
}
