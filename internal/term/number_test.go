package term_test

import (
	"testing"
	"time"

	"github.com/ebb-go/ebb/internal/term"
)

func TestShort(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s": 0, "1ns": 1, "999ns": 999, "1µs": 1000, "1.5µs": 1500, "999µs": 999*time.Microsecond + 400, "1ms": time.Millisecond - 1,
		"2.34ms": 2_340_000, "12.5ms": 12_500_000, "310ms": 310_400_000, "1s": 999_900_000, "1.24s": 1_240_000_000, "25s": 25 * time.Second,
		"59.4s": 59_400_000_000, "1m00s": 59_600_000_000, "2m05s": 125 * time.Second, "1h30m": 90 * time.Minute, "-5ms": -5 * time.Millisecond,
	} {
		if got := term.Short(d); got != want {
			t.Errorf("Short(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	for want, n := range map[string]int{"0": 0, "999": 999, "1,000": 1000, "9,950": 9950, "1,000,000": 1_000_000, "-1": -1, "-12,345": -12345, "-123": -123} {
		if got := term.Thousands(n); got != want {
			t.Errorf("Thousands(%d) = %q, want %q", n, got, want)
		}
	}
}
