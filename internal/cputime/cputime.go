// Package cputime measures what code costs, for tests that bound how that grows: by the
// processor time of the process, in which what others do on the machine is not. Where
// the system does not tell, it is the time that passes.
package cputime

import (
	"math"
	"time"
)

// Since returns the processor time that the process has used since start, which [Now]
// has returned.
func Since(start time.Duration) time.Duration { return Now() - start }

// Least calls each function several times, in turns, so that what slows the process
// down meanwhile meets all of them, and returns the least that each has returned.
func Least(fs ...func() time.Duration) []time.Duration {
	least := make([]time.Duration, len(fs))
	for k := range least {
		least[k] = math.MaxInt64
	}
	for range 5 {
		for k, f := range fs {
			least[k] = min(least[k], f())
		}
	}
	return least
}
