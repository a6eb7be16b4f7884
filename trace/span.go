package trace

import (
	"context"
	"time"
)

// Span is the span of an acquire or a task.
type Span struct{}

// End ends the span.
func (s *Span) End(err error) {}

// TeardownInfo is what is known when a teardown begins.
type TeardownInfo struct {
	At            time.Time     // when it began
	Waves, Guards int           // how many there are
	Grace         time.Duration // 0: none
	Schedule      string        // the lower-case word
}

// DropInfo is what is known when a drop begins.
type DropInfo struct {
	Guard, Type     string
	Wave            int
	DependsOn       []string
	ReleasedBy      string    // the dependent that ended last, "" for none
	Queued, Started time.Time // Queued: the last dependent had ended; zero for an early drop
}

// Teardown records one teardown.
type Teardown struct{}

// StartWave starts the span of a wave.
func (t *Teardown) StartWave(index, size int, at time.Time) {}

// EndWave ends the span of the wave.
func (t *Teardown) EndWave(index int, at time.Time) {}

// Drop starts the span of a drop.
func (t *Teardown) Drop(ctx context.Context, d DropInfo) (context.Context, *DropSpan) {
	return ctx, nil
}

// Skip records a drop that never started.
func (t *Teardown) Skip(d DropInfo, err error) {}

// End ends the span of the teardown.
func (t *Teardown) End(at time.Time, critical []string, err error) {}

// DropSpan records one drop.
type DropSpan struct{}

// End ends the drop. The first call wins.
func (d *DropSpan) End(at time.Time, outcome string, err error) {}
