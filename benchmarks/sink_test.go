package benchmarks

import "sync/atomic"

// What benchmarks read and write so that the compiler keeps the loops.
var (
	plain atomic.Int64
	sink  int
)
