package scope

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/metric"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/trace"
)

// CountLeaks counts forgotten guards in the counter ebb.guard.leaks of mp,
// or of the global provider if mp is nil, until restore is called. It takes the
// place of the hook that [guard.OnLeak] holds.
func CountLeaks(mp metric.MeterProvider) (restore func(), err error) {
	count, err := trace.LeakCounter(mp)
	if err != nil {
		return nil, err
	}
	return guard.OnLeak(func(l guard.Leak) {
		count(context.Background(), l.Type)
		slog.Error("ebb: forgotten guard", slog.String("guard", l.Name), slog.String("type", l.Type), slog.String("site", l.Site))
	}), nil
}
