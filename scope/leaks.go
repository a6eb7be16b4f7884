package scope

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/metric"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/internal/record"
)

// CountLeaks counts forgotten guards in the counter ebb.guard.leaks of mp,
// or of the global provider if mp is nil, until restore is called. It registers a
// function with [guard.OnLeak], beside those that others have registered. As the
// default log line is then gone, it also logs each guard, through [log/slog.Default]
// at level Error. The error is that of making the counter.
func CountLeaks(mp metric.MeterProvider) (restore func(), err error) {
	count, err := record.LeakCounter(mp)
	if err != nil {
		return nil, err
	}
	return guard.OnLeak(func(l guard.Leak) {
		count(context.Background(), l.Type)
		slog.Error("ebb: forgotten guard", slog.String("guard", l.Name), slog.String("type", l.Type), slog.String("site", l.Site))
	}), nil
}
