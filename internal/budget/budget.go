// Package budget divides the time that an exit has. It is the only place that
// knows the quarter that is kept in reserve and the tenth in which something
// that was canceled may still return.
//
// A duration near the largest one is what many write for "no limit". So no sum
// here overflows: it ends at the largest duration, which no clock reaches.
package budget

import (
	"context"
	"math"
	"time"
)

const (
	// Forever is the largest duration, some 292 years.
	Forever = time.Duration(math.MaxInt64)
	// MaxTail bounds the tenth that follows a cancellation.
	MaxTail = time.Second
	// Least is what the drops that find no time left share, beyond the end. It
	// is one millisecond for all of them together, not for each.
	Least = time.Millisecond
	// Telemetry is how long telemetry has to shut down, if there is no grace
	// or a tenth of the grace is more.
	Telemetry = 5 * time.Second
)

// Sum returns a + b, or [Forever] if that is less than the sum. Neither is
// negative.
func Sum(a, b time.Duration) time.Duration {
	if a > Forever-b {
		return Forever
	}
	return a + b
}

// Reserve returns the part of total that is kept for what has not started: a
// quarter.
func Reserve(total time.Duration) time.Duration { return total / 4 }

// Asked returns how much of total something that is first asked to stop has
// before it is canceled: all but the reserve.
func Asked(total time.Duration) time.Duration { return total - Reserve(total) }

// Tail returns how much longer than its limit something may run before it is
// abandoned: a tenth of the limit, but at most [MaxTail].
func Tail(limit time.Duration) time.Duration { return min(limit/10, MaxTail) }

// Split divides left into a limit and the tail that belongs to it, so that both
// together are left.
func Split(left time.Duration) (limit, tail time.Duration) {
	left = max(left, 0)
	tail = min(left/11, MaxTail)
	return left - tail, tail
}

// Share returns total*part/all, without the product overflowing. All is not
// zero.
func Share(total time.Duration, part, all int) time.Duration {
	p, a := time.Duration(part), time.Duration(all)
	return total/a*p + total%a*p/a
}

// Left returns how long after now a drop has to be over. The end of the exit is
// at end, and kept is reserved for those that come after it. A drop that is late
// takes what is left for all of them, and after the end those that remain share
// [Least]; so what they take together is bounded however many there are.
func Left(end, now time.Time, kept time.Duration) time.Duration {
	if left := max(end.Sub(now), 0) - kept; left > 0 {
		return left
	}
	return max(min(end.Add(Least).Sub(now), Least), 0)
}

// ForTelemetry returns how much of the grace is kept for the shutdown of
// telemetry and the delivery of the report, if left remains of it: a tenth of
// the grace, but at most [Telemetry] and half of what remains.
func ForTelemetry(grace, left time.Duration) time.Duration {
	return min(Telemetry, grace/10, max(left, 0)/2)
}

// Delivery returns how long the report of an exit that has used up its grace is still
// waited for: a hundredth of the grace, but at most a tenth of a second.
func Delivery(grace time.Duration) time.Duration { return min(grace/100, MaxTail/10) }

// Deadline returns the deadline of ctx, and the zero time if it has none. One
// that is itself the zero time, or before it, is moved to a time that is long
// past too.
func Deadline(ctx context.Context) time.Time {
	end, ok := ctx.Deadline()
	if ok && !end.After(time.Time{}) {
		end = time.Unix(0, 0)
	}
	return end
}

// Sooner returns the earlier of two deadlines, of which the zero time is none.
func Sooner(a, b time.Time) time.Time {
	if b.IsZero() || !a.IsZero() && a.Before(b) {
		return a
	}
	return b
}
