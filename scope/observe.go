package scope

import (
	"context"
	"github.com/ebb-go/ebb/internal/engine"
	"log/slog"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/outcome"
	"github.com/ebb-go/ebb/internal/record"
)

// observer gets the events of one run of drops: a teardown, or an early drop.
// What it has to know of the run comes with it, since several runs can be going on in
// one scope, and come to the same node.
type observer struct {
	s        *Scope
	teardown *record.Teardown                     // nil: it is an early drop, or there is no recorder
	names    func() func(n *engine.Node) []string // of dependencies, all by one list; nil for an early drop
}

// observe records every step of the run.
func (o observer) observe(e engine.Event) {
	switch e.Kind {
	case engine.WaveStart:
		o.teardown.StartWave(e.Wave, e.Size, e.At)
	case engine.WaveEnd:
		o.teardown.EndWave(e.Wave, e.At)
	case engine.DropStart:
		if !e.Elsewhere {
			nodeOf(e.Node).starts(o.record(e))
		}
	case engine.DropEnd:
		o.recordEnd(nodeOf(e.Node), e)
	case engine.DropSlow, engine.DropLate:
		o.s.notice(nodeOf(e.Node), e)
	}
}

// A noticer is a scope for the engine: an interface costs no allocation.
type noticer struct{ *Scope }

var _ engine.Container = noticer{}

// Contain logs what the recording of a run did instead of returning.
func (n noticer) Contain(p *fault.PanicError) { n.observerFailed(p) }

// Notice gets slow drops, and late ones.
func (n noticer) Notice(e engine.Event) { n.notice(nodeOf(e.Node), e) }

// notice logs what must not be missed. It is called on a goroutine that nothing waits
// for, so the log handler may block.
func (s *Scope) notice(n *node, e engine.Event) {
	if e.Kind == engine.DropSlow {
		s.warn("ebb: slow drop", slog.String("guard", n.name()), slog.Duration("age", s.slow()), slog.Any("blocks", e.Blocks))
		return
	}
	s.warn("ebb: late result of an abandoned drop", slog.String("guard", n.name()), slog.Any("error", e.Err))
}

// record returns what an event says of a drop, and what it depends on if there is a
// span to have it.
func (o observer) record(e engine.Event) dropRecord {
	r := dropRecord{wave: e.Wave, queued: e.Queued, by: e.ReleasedBy, started: e.At}
	switch {
	case o.s.rec == nil:
	case o.names != nil:
		r.uses = o.names()(e.Node)
	default:
		for _, d := range o.s.graph.Dependencies(e.Node) {
			r.uses = append(r.uses, d.Name())
		}
	}
	return r
}

// starts keeps what is known of the run that is about to begin n's drop.
func (n *node) starts(r dropRecord) {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	if n.is() == live {
		n.makeRarelyLocked().record = r
	}
}

// startSpan starts the span of n's drop and puts it into the drop's context.
func (n *node) startSpan() {
	s := n.s
	if s.rec == nil || isValueScope(n.resource) {
		return
	}
	start := s.rec.Drop
	if n.drop.way < dropEarly && !s.isInside() { // the turn of a slot is no teardown of its own
		start = s.decided.teardown.Drop
	}
	ctx, span := start(n.drop.Context, n.dropInfo(&n.rarely.Load().record))
	n.drop.Context = ctx
	s.mu.Lock()
	n.rarely.Load().record.span = span
	s.mu.Unlock()
}

// isValueScope reports whether r is the scope of a slot's value: that of the value itself
// has the span.
func isValueScope(r resource) bool {
	c, ok := r.(*Scope)
	return ok && c.slotNode() != nil
}

func (n *node) dropInfo(r *dropRecord) record.DropInfo {
	info := record.DropInfo{
		Guard: n.name(), Written: n.written(), Type: n.resource.typ(), Wave: r.wave, Queued: r.queued, Started: r.started,
		DependsOn: r.uses,
	}
	if r.by != nil {
		info.ReleasedBy = r.by.Name()
	}
	return info
}

// recordEnd ends the span of n's drop, or records that there was none to run. A drop
// that another run has begun has that run's span, which ends here only if this run
// does not wait for it any longer.
func (o observer) recordEnd(n *node, e engine.Event) {
	s := o.s
	if s.rec == nil || e.Elsewhere && e.Outcome == outcome.OK {
		return
	}
	out := engine.Outcome{
		Node: e.Node, Wave: e.Wave, Outcome: e.Outcome, Err: e.Err, Started: e.At, Ended: e.At, Overrun: e.Overrun,
	}
	if e.Outcome == outcome.Skipped {
		never := o.record(e)
		o.skip(n.dropInfo(&never), s.dropError(n, out))
		return
	}
	s.mu.Lock()
	r := n.rarelyLocked().record
	s.mu.Unlock()
	out.Started = r.started
	r.span.End(e.At, e.Outcome.String(), s.dropError(n, out))
}

// skip records a drop that was never begun.
func (o observer) skip(info record.DropInfo, err error) {
	if o.teardown != nil {
		o.teardown.Skip(info, err)
		return
	}
	_, span := o.s.rec.Drop(context.WithoutCancel(o.s.context.base), info)
	span.End(info.Started, outcome.Skipped.String(), err)
}
