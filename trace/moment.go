package trace

import "time"

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
