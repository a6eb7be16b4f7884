package scope

import (
	"context"
	"runtime/pprof"
	rtrace "runtime/trace"
)

// WithProfileLabels sets the labels "scope" and "task", "daemon" or "guard" on
// the goroutines of tasks, daemons and drops, with the path and the name, so
// that a goroutine or CPU profile says to whom each belongs; what they start
// inherits them. It costs about a microsecond and five allocations for each.
// Nested scopes inherit it.
func WithProfileLabels() Option { return labelsFlag }

// profile says to the profilers whose goroutine this is until stop is called on
// it: to pprof by labels, if they were asked for, and to the execution tracer,
// if it runs, by a region. ctx goes on with the labels.
func (s *Scope) profile(ctx context.Context, kind, name string) (labeled context.Context, stop func()) {
	before := ctx
	labels := s.inherited != nil && s.inherited.labels
	if labels {
		ctx = pprof.WithLabels(ctx, pprof.Labels("scope", s.Path(), kind, name))
		pprof.SetGoroutineLabels(ctx)
	}
	region := rtrace.StartRegion(ctx, kind+" "+name)
	return ctx, func() {
		region.End()
		if labels {
			pprof.SetGoroutineLabels(before)
		}
	}
}

// profileRun makes the scope a task of the execution tracer, if that runs.
func (s *Scope) profileRun(ctx context.Context) context.Context {
	if !rtrace.IsEnabled() {
		return ctx
	}
	ctx, task := rtrace.NewTask(ctx, "scope "+s.name)
	s.makeConfig().untrace = task.End
	return ctx
}
