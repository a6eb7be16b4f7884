package record

import (
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// A wave is begun before its first drop and ended after its last, by the goroutine
// that runs the teardown, so StartWave and EndWave do not overlap. Drops do overlap
// them: an early drop or an abandoned one may end at any time, and finds under mu
// whether there is a wave.

// wave is a wave that is running. Its span is the teardown's own, and shared,
// beyond maxWaves. Immutable fields first; t.mu protects the rest.
type wave struct {
	index int
	span  oteltrace.Span
	own   bool
	start time.Time

	collapsed int       // drops that are counted on its span
	last      time.Time // when the latest span in it ended
}

// StartWave starts the span of a wave. It is called before the first drop of
// the wave and after the end of the one before, and only where the schedule has
// waves.
func (t *Teardown) StartWave(index, size int, at time.Time) {
	if t == nil || t.span == nil {
		return
	}
	t.mu.Lock()
	w := &wave{index: index, span: t.span, own: t.waves < maxWaves}
	w.start = after(t.prior, later(orNow(at), t.began))
	w.last = w.start
	if w.own {
		t.waves++
	}
	t.mu.Unlock()
	// Nothing needs the wave yet, since its drops come later: so its span can be
	// started outside the lock.
	if w.own {
		_, span := t.r.start(t.ctx, "wave "+strconv.Itoa(index), oteltrace.WithTimestamp(w.start),
			oteltrace.WithAttributes(attribute.Int(keyWaveIndex, index), attribute.Int(keyWaveSize, size)))
		if w.own = span != nil; w.own {
			w.span = span
		}
	}
	t.mu.Lock()
	t.wave = w
	t.mu.Unlock()
}

// EndWave ends the span of the wave, which is never marked as failed. It is
// called after the last drop of the wave has ended.
func (t *Teardown) EndWave(index int, at time.Time) {
	if t == nil || t.span == nil {
		return
	}
	t.mu.Lock()
	w := t.wave
	if w == nil || w.index != index {
		t.mu.Unlock()
		return
	}
	end := later(orNow(at), w.last)
	t.wave, t.prior, t.last = nil, end, later(t.last, end)
	collapsed := w.collapsed
	if !w.own {
		t.collapsed += collapsed
	}
	t.mu.Unlock()
	if w.own {
		t.r.finish(w.span, end, failure{}, func(span oteltrace.Span) {
			span.SetAttributes(attribute.Int(keyWaveCollapsed, collapsed))
		})
	}
}
