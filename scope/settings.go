package scope

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	rtrace "runtime/trace"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/trace"
)

// inherited are the settings that nested scopes have in common with their
// parents. A scope without options points to its parent's; nil has all zero.
type inherited struct {
	panicAsError   bool
	taskSpans      bool
	labels         bool
	mode           SpanMode
	modeSet        bool          // by the scope whose own copy this is
	slow           time.Duration // 0: defaultSlow
	tracerProvider oteltrace.TracerProvider
	meterProvider  metric.MeterProvider
	logger         *slog.Logger
	inspector      *trace.Inspector
	echoes         []func(error) bool
	force          <-chan struct{} // closed by a second signal
	last           <-chan struct{} // closed a second after that
}

// config holds the settings that few scopes have.
type config struct {
	taskLimit  int
	slots      chan struct{} // one element per running task, with a task limit
	dropLimit  int
	reports    []func(*trace.Report)
	telemetry  []func(context.Context) error
	guard      guardConfig // of a child, as a node of its parent
	guardNames []string    // options of guards that were given
	err        error       // the first option that is not valid
	since      time.Time   // when the state last changed; guarded by the scope's mu; with an inspector
	unshow     func()      // takes the scope off the live page
	untrace    func()      // ends its task of the execution tracer
	signals    *signals    // that end the scope
	opened     *opened     // it was made by Open; nil: it was not
	inside     bool        // it is the inside of a slot
	slot       *node       // it is the scope of a value of that slot; nil: of none
	finalName  func() string
	renamed    atomic.Pointer[string] // by finalName; nil: it was not
}

// guardConfig is what the options of a guard say.
type guardConfig struct {
	deps      []Node
	narrowed  bool // DependsOn was given, with whatever nodes
	hold      bool
	graceful  bool
	interrupt func()
	timeout   time.Duration
	idle      time.Duration // of NewSlots
	err       error
}

// signals is the watch that a scope keeps on signals. The first cancels the scope,
// or asks it to stop; a second one, at least a second later, ends every wait.
type signals struct {
	watched   []os.Signal
	stopFirst bool
	outer     <-chan struct{} // ends every wait of a scope around this one; may be nil

	force chan struct{} // closed by the second signal
	last  chan struct{} // closed when telemetry has had its second after that

	first, second atomic.Pointer[SignalError]
	caught        chan os.Signal
	ended         chan struct{} // closed when the scope has closed, or is gone
	once          sync.Once     // for that
	watch         group.Tasks
}

// own returns s's private copy of the inherited settings, to be changed by an
// option.
func (s *Scope) own() *inherited {
	if !s.ownInherited {
		c := new(inherited)
		if s.inherited != nil {
			*c = *s.inherited
			c.modeSet = false
		}
		s.inherited, s.ownInherited = c, true
	}
	return s.inherited
}

// makeConfig returns the settings that few scopes have, to be changed by an option.
func (s *Scope) makeConfig() *config {
	if s.config == nil {
		s.config = new(config)
	}
	return s.config
}

// reject keeps the first complaint about an option.
func (s *Scope) reject(format string, args ...any) {
	if c := s.makeConfig(); c.err == nil {
		c.err = misuse(fmt.Sprintf(format, args...))
	}
}

// defaultSlow is the age at which a drop is warned of.
const defaultSlow = 5 * time.Second

func (s *Scope) logger() *slog.Logger {
	if s.inherited != nil && s.inherited.logger != nil {
		return s.inherited.logger
	}
	return slog.Default()
}

func (s *Scope) slow() time.Duration {
	if s.inherited != nil && s.inherited.slow > 0 {
		return s.inherited.slow
	}
	return defaultSlow
}

func (s *Scope) inspector() *trace.Inspector {
	if s.inherited == nil {
		return nil
	}
	return s.inherited.inspector
}

// force ends every wait of the exit when it closes; nil where nothing can, as in a nested
// Run without a limit of its own, which is abandoned from above.
func (s *Scope) force() <-chan struct{} {
	if s.inherited == nil || s.clock() == nil {
		return nil
	}
	return s.inherited.force
}

// forceTelemetry is force for the shutdown of telemetry, a second later.
func (s *Scope) forceTelemetry() <-chan struct{} {
	if s.inherited == nil {
		return nil
	}
	return s.inherited.last
}

// reports reports whether the teardown is written down: for a callback, or the live page.
func (s *Scope) reports() bool {
	return s.config != nil && len(s.config.reports) > 0 || s.inspector() != nil
}

// dropLimit is how many drops run at once at most; 0 is no limit.
func (s *Scope) dropLimit() int {
	if s.config == nil {
		return 0
	}
	return s.config.dropLimit
}

// profiled reports whether [Scope.profile] has anything to do.
func (s *Scope) profiled() bool {
	return rtrace.IsEnabled() || s.inherited != nil && s.inherited.labels
}

func (s *Scope) graceful() bool { return s.config != nil && s.config.guard.graceful }

// providers returns those that were set for the scope.
func (s *Scope) providers() (tp oteltrace.TracerProvider, mp metric.MeterProvider) {
	if h := s.inherited; h != nil {
		tp, mp = h.tracerProvider, h.meterProvider
	}
	return tp, mp
}

func (s *Scope) panicAsError() bool { return s.inherited != nil && s.inherited.panicAsError }

// Schedule says when a guard may drop, given that its dependents have.
type Schedule = group.Schedule

// The schedules.
const (
	Waves      = group.Waves      // wave k+1 starts when wave k has ended
	Eager      = group.Eager      // a guard drops as soon as its last dependent has
	Sequential = group.Sequential // one at a time, as defer would, but along the edges
)

// opened is what a scope made by Open has instead of a body.
type opened struct {
	token   *guard.Guard[*Scope] // held by the scope alone: it leaks if that is forgotten
	closing bool                 // Close was called; guarded by the scope's mu
	done    chan struct{}        // closed when the scope has; then the following may be read
	faults  *faults
}

// isOpened reports whether s was made by Open.
func (s *Scope) isOpened() bool { return s.config != nil && s.config.opened != nil }

// isInside reports whether s is the inside of a slot, which is in no path.
func (s *Scope) isInside() bool { return s.config != nil && s.config.inside }

// outside returns s, or the scope of the slot whose inside it is.
func (s *Scope) outside() *Scope {
	if s.isInside() {
		return s.parent
	}
	return s
}

// slotNode returns the slot of whose values one has the scope; nil for all others.
func (s *Scope) slotNode() *node {
	if s.config == nil {
		return nil
	}
	return s.config.slot
}
