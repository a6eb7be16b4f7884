package benchmarks

import "time"

// Bounds are the least times that a teardown can take under each schedule, if
// nothing but the drops took time.
type Bounds struct {
	Path  time.Duration // each unit as soon as what uses it has ended: the longest path
	Waves time.Duration // wave after wave: the sum of the longest drop of each
	Sum   time.Duration // one by one
}

// BoundsOf returns the bounds of a service whose drops take times.
func BoundsOf(units []Unit, times []time.Duration) Bounds {
	var b Bounds
	for _, wave := range Waves(units) {
		longest := time.Duration(0)
		for _, i := range wave {
			longest = max(longest, times[i])
		}
		b.Waves += longest
	}
	begin := make([]time.Duration, len(units)) // when all that use it have ended
	for i := len(units) - 1; i >= 0; i-- {
		end := begin[i] + times[i]
		b.Sum += times[i]
		b.Path = max(b.Path, end)
		for _, d := range units[i].Uses {
			begin[d] = max(begin[d], end)
		}
	}
	return b
}
