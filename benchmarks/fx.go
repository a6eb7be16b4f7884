package benchmarks

import (
	"context"
	"time"

	"go.uber.org/fx"
)

// Fx is go.uber.org/fx: a stop hook for every unit, run one after the other in
// the reverse order of registration. A hook that panics ends the program, and
// one that overruns the stop timeout makes fx skip the rest; the timeout here is
// long enough.
func Fx() Peer { return Peer{Name: "fx", Teardown: fxTeardown, NoPanics: true} }

func fxTeardown(ctx context.Context, units []Unit, built func()) error {
	app := fx.New(fx.NopLogger, fx.StopTimeout(time.Hour), fx.Invoke(func(life fx.Lifecycle) {
		for _, u := range units {
			life.Append(fx.StopHook(u.Drop))
		}
	}))
	ctx = context.WithoutCancel(ctx)
	if err := app.Start(ctx); err != nil {
		return err
	}
	built()
	return app.Stop(ctx)
}
