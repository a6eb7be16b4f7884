package scopehttp // for what no caller can see: writers of every shape, and what is remembered of closed connections

import "net/http"

// Shapes is how many sets of optional methods there are.
const Shapes = 1 << 6

// Shaped returns a response whose optional methods are the k-th set.
func Shaped(k int) http.ResponseWriter { return (&response{}).shaped(shape(k)) }

// ShapeOf returns which set of optional methods w has.
func ShapeOf(w http.ResponseWriter) int { return int(shapeOf(w)) }

// Hijacked returns how many hijacked connections the server of srv remembers.
func Hijacked(srv *http.Server) int {
	v := srv.Handler.(tracked).v
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.hijacked.conns)
}
