package scopehttp // for the table of shapes: only the package can make a writer of each

import "net/http"

// Shapes is how many sets of optional methods there are.
const Shapes = 1 << 6

// Shaped returns a response whose optional methods are the k-th set.
func Shaped(k int) http.ResponseWriter { return (&response{}).shaped(shape(k)) }

// ShapeOf returns which set of optional methods w has.
func ShapeOf(w http.ResponseWriter) int { return int(shapeOf(w)) }
