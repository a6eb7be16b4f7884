package trace

import (
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/ebb-go/ebb/internal/fault"
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
	maxNames  = 128  // in a list of guards
	maxName   = 256  // bytes of a name or a type
	maxStatus = 4096 // bytes of an error's text
)

// named joins the kind of a span with a name from the code, if there is one.
func named(kind, name string) string {
	if name == "" {
		return kind
	}
	return kind + " " + name
}

// names makes an attribute of a list of guards. Of a long list it keeps the
// beginning and says how many there are more.
func names(key string, list []string) attribute.KeyValue {
	if len(list) > maxNames {
		short := make([]string, maxNames, maxNames+1)
		copy(short, list)
		list = append(short, fmt.Sprintf("and %d more", len(list)-maxNames))
	}
	return attribute.StringSlice(key, list)
}

// fail marks span as failed, if err is not nil: by its status and error.type,
// and by nothing else. A span that has not failed keeps the status Unset, which
// leaves Ok to the user.
func fail(span oteltrace.Span, err error) {
	if err == nil {
		return
	}
	span.SetStatus(codes.Error, cut(errorText(err), maxStatus))
	span.SetAttributes(attribute.String(keyErrorType, errorType(err)))
}

// cut shortens a text to about n bytes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// bounded makes a text fit to leave the process: valid UTF-8, since one broken
// byte makes an exporter refuse the whole batch, and of about n bytes at most.
func bounded(s string, n int) string {
	if len(s) > n {
		s = cut(s, n)
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// errorType is never empty for an error, even if that gives itself no type or has
// a method that panics.
func errorType(err error) (name string) {
	if err == nil {
		return ""
	}
	defer func() {
		if p := recover(); p != nil {
			name = "error"
		}
	}()
	if t := fault.Type(err); t != "" {
		return t
	}
	return "error"
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
