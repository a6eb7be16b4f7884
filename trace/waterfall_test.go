package trace_test

import (
	"testing"
	"time"

	"github.com/ebb-go/ebb/trace"
)

func TestNiceStep(t *testing.T) {
	for want, total := range map[time.Duration]time.Duration{
		100 * milli: 400 * milli, 200 * milli: 942 * milli, time.Second: 4350 * milli, 5 * time.Second: 20 * time.Second,
		20 * time.Microsecond: 100 * time.Microsecond, time.Minute: 4 * time.Minute, 10 * time.Minute: time.Hour, 3 * time.Hour: 14 * time.Hour, 1: 0,
	} {
		if got := trace.NiceStep(total, 500); got != want {
			t.Errorf("NiceStep(%v) = %v, want %v", total, got, want)
		}
	}
}
