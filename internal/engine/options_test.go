package engine_test

import (
	"time"

	"github.com/ebb-go/ebb/internal/engine"
)

// An option sets one of the engine's options, for tables of them.
type option func(*engine.Options)

func with(opts ...option) (o engine.Options) {
	for _, set := range opts {
		set(&o)
	}
	return o
}

func withOrder(s engine.Schedule) option  { return func(o *engine.Options) { o.Schedule = s } }
func withLimit(n int) option              { return func(o *engine.Options) { o.Limit = n } }
func withTimeout(d time.Duration) option  { return func(o *engine.Options) { o.Timeout = d } }
func withSlow(d time.Duration) option     { return func(o *engine.Options) { o.Slow = d } }
func withForce(ch <-chan struct{}) option { return func(o *engine.Options) { o.Force = ch } }
func withObserve(f func(engine.Event)) option {
	return func(o *engine.Options) { o.Observe = f }
}

func withNotice(f func(engine.Event)) option {
	return func(o *engine.Options) { o.Notice = engine.NoticeFunc(f) }
}

func withDeadline(end time.Time, reserve time.Duration) option {
	return func(o *engine.Options) { o.Deadline, o.Reserve = end, reserve }
}

func withCause(f func(n *engine.Node, limit time.Duration) error) option {
	return func(o *engine.Options) { o.Cause = f }
}
