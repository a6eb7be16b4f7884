package budget_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ebb-go/ebb/internal/budget"
)

// anyDuration returns one of any size, the ends of the range among them.
func anyDuration(r *rand.Rand) time.Duration {
	switch r.IntN(6) {
	case 0:
		return 0
	case 1:
		return math.MaxInt64 - time.Duration(r.IntN(3))
	case 2:
		return time.Duration(r.Int64N(1000))
	}
	return time.Duration(r.Int64() >> r.IntN(63))
}

// anyTime returns one of any age, near now or as far off as a deadline can be.
func anyTime(r *rand.Rand, now time.Time) time.Time {
	switch r.IntN(5) {
	case 0:
		return time.Date(1+r.IntN(9999), 1, 1, 0, 0, 0, 0, time.UTC)
	case 1:
		return time.Time{}
	}
	d := anyDuration(r)
	if r.IntN(2) == 0 {
		d = -d
	}
	return now.Add(d)
}

// TestBounds: whatever the sizes, nothing overflows, a part is never more than the
// whole, and what is left for one drop is never more than what is left for all.
func TestBounds(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	now := time.Now()
	for range 100_000 {
		a, b := anyDuration(r), anyDuration(r)
		if sum := budget.Sum(a, b); sum < a || sum < b || sum != budget.Forever && sum != a+b {
			t.Fatalf("Sum(%d, %d) = %d", a, b, sum)
		}
		if part, rest := budget.Reserve(a), budget.Asked(a); part < 0 || rest < part || part+rest != a {
			t.Fatalf("%d is split into %d and %d", a, rest, part)
		}
		if tail := budget.Tail(a); tail < 0 || tail > budget.MaxTail || tail > a {
			t.Fatalf("Tail(%d) = %d", a, tail)
		}
		limit, within := budget.Split(a)
		if limit < 0 || within < 0 || limit+within != a || within > budget.MaxTail {
			t.Fatalf("Split(%d) = %d, %d", a, limit, within)
		}
		all := 1 + r.IntN(100_000)
		part := r.IntN(all + 1)
		if got := budget.Share(a, part, all); got < 0 || got > a || part == all && got != a || part == 0 && got != 0 {
			t.Fatalf("Share(%d, %d, %d) = %d", a, part, all, got)
		}
		end := anyTime(r, now)
		left := budget.Left(end, now, a)
		if left < 0 || left > max(end.Sub(now), 0) && left > budget.Least {
			t.Fatalf("Left(%v, %v, %d) = %d", end, now, a, left)
		}
		if kept := budget.ForTelemetry(a, b); kept < 0 || kept > b || kept > a || kept > budget.Telemetry {
			t.Fatalf("ForTelemetry(%d, %d) = %d", a, b, kept)
		}
	}
}

// TestLeast: drops that find no time left share one millisecond, however many they
// are.
func TestLeast(t *testing.T) {
	end := time.Now()
	now := end
	for range 2000 {
		now = now.Add(budget.Left(end, now, 0))
	}
	if took := now.Sub(end); took != budget.Least {
		t.Errorf("all together took %v beyond the end", took)
	}
}

// TestDeadline: a deadline is never mistaken for none.
func TestDeadline(t *testing.T) {
	if end := budget.Deadline(t.Context()); !end.IsZero() {
		t.Errorf("none: %v", end)
	}
	for _, year := range []int{-1, 0, 1, 2, 1970, 2000, 9999} {
		at := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		ctx, cancel := context.WithDeadline(t.Context(), at)
		if end := budget.Deadline(ctx); end.IsZero() || year > 1 && !end.Equal(at) {
			t.Errorf("%v: %v", at, end)
		}
		cancel()
	}
}

// TestSooner: the zero time is no deadline.
func TestSooner(t *testing.T) {
	none, a, b := time.Time{}, time.Unix(1, 0), time.Unix(2, 0)
	for _, c := range [][3]time.Time{{none, none, none}, {a, none, a}, {none, a, a}, {a, b, a}, {b, a, a}} {
		if got := budget.Sooner(c[0], c[1]); got != c[2] {
			t.Errorf("Sooner(%v, %v) = %v", c[0], c[1], got)
		}
	}
}
