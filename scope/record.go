package scope

import (
	"log/slog"
	"time"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/trace"
)

// observe hears of every step of the teardown, and passes on what others want
// to see.
func (s *Scope) observe(e group.Event) {
	switch e.Kind {
	case group.WaveStart:
		s.end.teardown.StartWave(e.Wave, e.Size, e.At)
	case group.WaveEnd:
		s.end.teardown.EndWave(e.Wave, e.At)
	case group.DropEnd:
		if s.rec == nil || e.Outcome == "ok" && itemOf(e.Node).wasEarly() {
			return // an early drop, for which this run only waited, speaks for itself
		}
		s.observeEarly(e)
	default:
		s.observeEarly(e)
	}
}

// observeEarly is observe for what is not a wave of the teardown.
func (s *Scope) observeEarly(e group.Event) {
	switch e.Kind {
	case group.DropStart:
		itemOf(e.Node).starts(e)
	case group.DropEnd:
		if s.rec != nil {
			s.recordEnd(itemOf(e.Node), e)
		}
	case group.DropSlow, group.DropLate:
		s.notice(itemOf(e.Node), e)
	}
}

// A noticer is a scope for package group, when nobody wants more than a notice.
type noticer struct{ *Scope }

// Notice hears of slow drops, and of late ones.
func (n noticer) Notice(e group.Event) { n.notice(itemOf(e.Node), e) }

// notice logs what nobody should miss.
func (s *Scope) notice(i *item, e group.Event) {
	switch e.Kind {
	case group.DropSlow:
		s.logger().Warn("ebb: slow drop",
			slog.String("scope", s.Path()), slog.String("guard", i.name()), slog.Duration("age", s.slow()), slog.Any("blocks", e.Blocks))
	case group.DropLate:
		s.logger().Warn("ebb: late result of an abandoned drop",
			slog.String("scope", s.Path()), slog.String("guard", i.name()), slog.Any("error", e.Err))
	}
}

// dropRecord is what is known of a drop for those who look at it. It is shared
// by the goroutine that runs the drop and the one that abandons it, so its
// fields are guarded by the scope's mu.
type dropRecord struct {
	wave    int
	queued  time.Time
	by      *group.Node // which released it
	started time.Time
	span    *trace.DropSpan // nil before it is started
}

func recordOf(e group.Event) dropRecord {
	return dropRecord{wave: e.Wave, queued: e.Queued, by: e.ReleasedBy, started: e.At}
}

// starts keeps what is known of the run that is about to begin i's drop; a run
// that finds it begun by another only waits.
func (i *item) starts(e group.Event) {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	if i.is() == live {
		i.makeExtraLocked().record = recordOf(e)
	}
}

// wasEarly reports whether the drop of i was begun while the scope lived.
func (i *item) wasEarly() bool {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	return i.drop.way == dropEarly
}

// startSpan starts the span of i's drop and puts it into the drop's context.
func (i *item) startSpan() {
	s := i.s
	if s.rec == nil {
		return
	}
	start := s.rec.Drop
	if i.drop.way < dropEarly {
		start = s.end.teardown.Drop
	}
	ctx, span := start(i.drop.Context, i.dropInfo(&i.extra.Load().record))
	i.drop.Context = ctx
	s.mu.Lock()
	i.extra.Load().record.span = span
	s.mu.Unlock()
}

func (i *item) dropInfo(r *dropRecord) trace.DropInfo {
	info := trace.DropInfo{
		Guard: i.name(), Written: i.written(), Type: i.impl.typ(), Wave: r.wave, Queued: r.queued, Started: r.started,
	}
	for _, d := range i.s.graph.Dependencies(&i.n) {
		info.DependsOn = append(info.DependsOn, d.Name())
	}
	if r.by != nil {
		info.ReleasedBy = r.by.Name()
	}
	return info
}

// recordEnd ends the span of i's drop, or records that there was none to run.
func (s *Scope) recordEnd(i *item, e group.Event) {
	o := group.Outcome{Node: e.Node, Wave: e.Wave, Outcome: e.Outcome, Err: e.Err, Started: e.At, Ended: e.At, Overrun: e.Overrun}
	if e.Outcome == "skipped" {
		never := recordOf(e)
		s.end.teardown.Skip(i.dropInfo(&never), s.dropError(i, o))
		return
	}
	s.mu.Lock()
	record := i.extra.Load().record
	s.mu.Unlock()
	o.Started = record.started
	record.span.End(e.At, e.Outcome, s.dropError(i, o))
}
