package trace

import (
	"math"
	"slices"
	"time"
)

// Reports are made by others and read from files, so a time in one can be
// missing, lie before the beginning, or be so far away that a difference does
// not fit a Duration. What is computed of times passes through here, and keeps
// three rules: a missing time makes no duration, no duration is negative, and
// sums and differences stop at the largest duration instead of overflowing.

const longest = time.Duration(1<<63 - 1)

// between returns the time from one moment to another; 0 if one is missing or
// they are the wrong way round. Sub itself stops at the largest duration.
func between(from, to time.Time) time.Duration {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return max(0, to.Sub(from))
}

// plus adds two durations that are not negative.
func plus(a, b time.Duration) time.Duration {
	if a > longest-b {
		return longest
	}
	return a + b
}

// nanoseconds makes a duration of a number that may be too big for one.
func nanoseconds(f float64) time.Duration {
	switch {
	case f >= float64(longest):
		return longest
	case f <= -float64(longest):
		return -longest
	}
	return time.Duration(math.Round(f))
}

// axis maps times to their share of a common length.
type axis struct {
	from   time.Time
	length time.Duration // 0: all is at its beginning
}

// longestAxis leaves room for steps and roundings above it. What lies beyond is
// drawn at its end.
const longestAxis = longest / 2

// newAxis returns the axis from one time to another; it has no length if one is
// missing.
func newAxis(from, to time.Time) axis { return axis{from, min(between(from, to), longestAxis)} }

// share returns where t lies, from 0 to 1. A time that is missing lies at the
// beginning.
func (a axis) share(t time.Time) float64 {
	if a.length <= 0 {
		return 0
	}
	return min(1, float64(between(a.from, t))/float64(a.length))
}

// holds reports whether t lies on the axis, but not at its beginning.
func (a axis) holds(t time.Time) bool {
	d := between(a.from, t)
	return d > 0 && d <= a.length
}

// whole returns r if nothing is missing in it that a picture needs, and else a
// completed copy: writing a report out does not change it. Entries out of order
// count as missing, since a wave is seen to end where the number changes.
func (r *Report) whole() *Report {
	lacks := r.Started.IsZero() || r.Ended.IsZero()
	for i := range r.Entries {
		e := &r.Entries[i]
		lacks = lacks || e.Queued.IsZero() || e.Started.IsZero() || e.Ended.IsZero() || i > 0 && e.Wave < r.Entries[i-1].Wave
	}
	if !lacks {
		return r
	}
	c := *r
	c.Entries = slices.Clone(r.Entries)
	c.Complete()
	return &c
}
