package scope

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/trace"
)

// Option is an option of a scope. The set is sealed.
type Option interface{ apply(*Scope) }

// The small options are values of named types: given a constant, none of them
// allocates.
type (
	nameOption        string
	graceOption       time.Duration
	dropTimeoutOption time.Duration
	scheduleOption    Schedule
	taskLimitOption   int
	dropLimitOption   int
	slowOption        time.Duration
	modeOption        SpanMode
	flagOption        uint8
	funcOption        func(*Scope)
)

const (
	supervisorFlag flagOption = iota
	panicAsErrorFlag
	taskSpansFlag
	labelsFlag
)

func (o nameOption) apply(s *Scope) { s.name = string(o) }

func (o graceOption) apply(s *Scope) {
	if s.grace = time.Duration(o); o < 0 {
		s.reject("WithGrace(%v): must not be negative", s.grace)
	}
}

func (o dropTimeoutOption) apply(s *Scope) {
	if s.dropTimeout = time.Duration(o); o < 0 {
		s.reject("WithDropTimeout(%v): must not be negative", s.dropTimeout)
	}
}

func (o scheduleOption) apply(s *Scope) {
	if s.schedule = Schedule(o); !engine.Schedule(o).Valid() {
		s.reject("WithSchedule(%d): no such schedule", uint8(o))
	}
}

func (o taskLimitOption) apply(s *Scope) {
	if s.makeConfig().taskLimit = int(o); o < 0 {
		s.reject("WithTaskLimit(%d): must not be negative", int(o))
	}
}

func (o dropLimitOption) apply(s *Scope) {
	if s.makeConfig().dropLimit = int(o); o < 0 {
		s.reject("WithDropLimit(%d): must not be negative", int(o))
	}
}

func (o slowOption) apply(s *Scope) {
	if s.own().slow = time.Duration(o); o <= 0 {
		s.reject("WithSlowThreshold(%v): must be positive", time.Duration(o))
	}
}

func (o modeOption) apply(s *Scope) {
	h := s.own()
	h.mode, h.modeSet = SpanMode(o), true
}

func (o flagOption) apply(s *Scope) {
	switch o {
	case supervisorFlag:
		s.supervisor = true
	case panicAsErrorFlag:
		s.own().panicAsError = true
	case taskSpansFlag:
		s.own().taskSpans = true
	case labelsFlag:
		s.own().labels = true
	}
}

func (o funcOption) apply(s *Scope) { o(s) }

// WithName names the scope in paths, errors, spans and reports. Names are
// written in code and of low cardinality; ids of a request go to attributes of
// the caller's span. Without it a scope is called "scope".
func WithName(name string) Option { return nameOption(name) }

// WithFinalName has a name chosen for the scope of a [Run] when its body has ended, for
// what becomes known meanwhile, such as the route of a request: the name of its span,
// and the one in its path from there on, in errors, drop spans, reports and on the live
// page. An empty result leaves the name as it is. final is called once, on the goroutine
// of the body or another one.
func WithFinalName(final func() string) Option {
	return funcOption(func(s *Scope) {
		if s.self != nil || s.isOpened() {
			s.reject("WithFinalName is an option of Run")
			return
		}
		s.makeConfig().finalName = final
	})
}

// WithGrace bounds draining and teardown together, from the moment the scope is
// canceled or asked to stop, or its body has ended and teardown begins. 0, the
// default, is no limit. A quarter of it is reserved for waves that have not
// started. It maps to Kubernetes' terminationGracePeriodSeconds.
func WithGrace(d time.Duration) Option { return graceOption(d) }

// WithDropTimeout is the [DropTimeout] of every guard of the scope that has
// none of its own. 0, the default, is no limit.
func WithDropTimeout(d time.Duration) Option { return dropTimeoutOption(d) }

// WithSchedule sets the order of the teardown: [Waves], the default, [Eager] or
// [Sequential].
func WithSchedule(schedule Schedule) Option { return scheduleOption(schedule) }

// WithTaskLimit lets at most n tasks of the scope run at once; nested scopes
// have limits of their own. 0, the default, is no limit. For a bounded pool with results
// see [Async].
func WithTaskLimit(n int) Option { return taskLimitOption(n) }

// WithDropLimit lets at most n drops of the scope run at once. 0, the default,
// is no limit.
func WithDropLimit(n int) Option { return dropLimitOption(n) }

// WithSupervisor keeps a failing task or daemon from canceling its siblings;
// all failures are returned. A panic cancels all the same.
func WithSupervisor() Option { return supervisorFlag }

// WithReport calls fn with the report of the teardown, when the scope has
// closed and before Run returns, on a goroutine of its own. A panic and a Goexit of
// fn are contained and logged. Run waits for fn, but with a grace no longer than that
// leaves, and a hundredth of it if nothing is left. It may be given more than once.
func WithReport(fn func(*trace.Report)) Option {
	return funcOption(func(s *Scope) {
		if fn != nil {
			c := s.makeConfig()
			c.reports = append(c.reports, fn)
		}
	})
}

// WithTelemetry shuts telemetry down last: the functions are called
// concurrently once the scope's span has ended, and have five seconds, or what is
// left of the grace if that is less; a tenth of the grace, and five seconds at most,
// is kept for them. Their errors join Run's.
func WithTelemetry(shutdown ...func(context.Context) error) Option {
	return funcOption(func(s *Scope) {
		c := s.makeConfig()
		for _, fn := range shutdown {
			if fn != nil {
				c.telemetry = append(c.telemetry, fn)
			}
		}
	})
}

// WithPanicAsError makes a panic of a task or daemon an error that Run returns,
// a [*TaskError] around a [*PanicError], instead of a panic of Run. Nested
// scopes inherit it.
func WithPanicAsError() Option { return panicAsErrorFlag }

// WithTracerProvider sets where spans are recorded. Without it that is the
// provider of the recording span in the context, else the global one if it has
// been set. Nil is ignored. Nested scopes inherit it.
func WithTracerProvider(tp oteltrace.TracerProvider) Option {
	return funcOption(func(s *Scope) {
		if tp != nil {
			s.own().tracerProvider = tp
		}
	})
}

// WithMeterProvider sets where metrics are recorded. Without it that is the
// global provider if it has been set. Nil is ignored. Nested scopes inherit it.
func WithMeterProvider(mp metric.MeterProvider) Option {
	return funcOption(func(s *Scope) {
		if mp != nil {
			s.own().meterProvider = mp
		}
	})
}

// WithLogger sets where the few log lines go; [slog.Default] without it. Nil is
// ignored. Nested scopes inherit it.
func WithLogger(l *slog.Logger) Option {
	return funcOption(func(s *Scope) {
		if l != nil {
			s.own().logger = l
		}
	})
}

// WithInspector shows the scope, and all that it nests, on the live page. Nil
// is ignored. Nested scopes inherit it.
func WithInspector(i *trace.Inspector) Option {
	return funcOption(func(s *Scope) {
		if i != nil {
			s.own().inspector = i
		}
	})
}

// WithTaskSpans records a span for every task. Nested scopes inherit it.
func WithTaskSpans() Option { return taskSpansFlag }

// WithSlowThreshold sets the age at which a drop is warned of, 5 s without it.
// Nested scopes inherit it.
func WithSlowThreshold(d time.Duration) Option { return slowOption(d) }

// WithSpanMode says where the spans of the scope hang. Nested scopes inherit
// it, except SpanTeardownOnly, which they take as SpanChild.
func WithSpanMode(m SpanMode) Option { return modeOption(m) }
