package record

import (
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/term"
)

// The attributes of ebb's spans. They begin with "ebb." because Jaeger's search
// takes names such as scope.name, span.status or resource.* for OTLP's own
// fields, and finds nothing.
const (
	keyScopePath     = "ebb.scope.path"
	keyScopeExit     = "ebb.scope.exit"
	keyScopeSchedule = "ebb.scope.schedule"

	keyGuardName       = "ebb.guard.name"
	keyGuardType       = "ebb.guard.type"
	keyGuardDependsOn  = "ebb.guard.depends_on"
	keyGuardReleasedBy = "ebb.guard.released_by"

	keyTaskName = "ebb.task.name"

	keyWaves        = "ebb.waves"
	keyGuards       = "ebb.guards"
	keyGraceMS      = "ebb.grace_ms"
	keyCriticalPath = "ebb.critical_path"

	keyCause          = "ebb.cause"
	keyDrainMS        = "ebb.drain_ms"
	keyDrainTasks     = "ebb.drain.tasks"
	keyDrainCanceled  = "ebb.drain.canceled"
	keyDrainAbandoned = "ebb.drain.abandoned"
	keyDrainRefused   = "ebb.drain.refused"
	keyDrainItems     = "ebb.drain.items"

	keyWaveIndex     = "ebb.wave.index"
	keyWaveSize      = "ebb.wave.size"
	keyWaveCollapsed = "ebb.wave.collapsed"

	keyDropOutcome  = "ebb.drop.outcome"
	keyDropQueuedMS = "ebb.drop.queued_ms"

	keyErrorType = "error.type"
)

// Bounds of what one span carries. An exporter sends up to 512 spans in one
// message, and a collector refuses messages over 4 MiB.
const (
	maxNames = 128 // in a list of guards; see maxName and maxText too
)

// named joins the kind of a span with a name from the code, if there is one.
func named(kind, name string) string {
	if name == "" {
		return kind
	}
	return kind + " " + term.Word(name)
}

// names makes an attribute of a list of guards. Of a long list it keeps the
// beginning and a count of the rest.
func names(key string, list []string) attribute.KeyValue {
	if len(list) > maxNames {
		short := make([]string, maxNames, maxNames+1)
		copy(short, list)
		list = append(short, fmt.Sprintf("and %d more", len(list)-maxNames))
	}
	return attribute.StringSlice(key, term.Words(list))
}

// failure is what spans and metrics say of an error, computed once: the methods of
// an error are foreign code. The zero failure is the one of nil; the kind of any
// other is not empty.
type failure struct{ text, kind string }

// failureOf asks err for its text and its type, once for the span and the metrics.
func failureOf(err error) failure {
	if err == nil {
		return failure{}
	}
	text, kind := fault.Say(err)
	return failure{term.Bounded(text, term.MaxText), term.Word(kind)}
}

// mark marks span as failed, if there is a failure: by its status and error.type,
// and by nothing else. A span that has not failed keeps the status Unset, which
// leaves Ok to the user.
func (f failure) mark(span oteltrace.Span) {
	if f.kind == "" {
		return
	}
	span.SetStatus(codes.Error, f.text)
	span.SetAttributes(attribute.String(keyErrorType, f.kind))
}

// orNow returns t, or the present time for the zero Time.
func orNow(t time.Time) time.Time {
	if t.IsZero() {
		return time.Now()
	}
	return t
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// between returns the time from one moment to another; 0 if one is missing or
// they are the wrong way round.
func between(from, to time.Time) time.Duration {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return max(0, to.Sub(from))
}
