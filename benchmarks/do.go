package benchmarks

import (
	"context"

	"github.com/samber/do/v2"
)

// Do is github.com/samber/do: every unit is a service that invokes those it
// uses, from which do knows who depends on whom. It shuts down what nobody
// depends on any more, concurrently, and repeats. A panic of a service ends the
// program.
func Do() Peer { return Peer{Name: "do", Teardown: doTeardown, NoPanics: true} }

// service makes a unit a do.ShutdownerWithContextAndError.
type service struct{ unit *Unit }

func (s *service) Shutdown(ctx context.Context) error { return s.unit.Drop(ctx) }

func doTeardown(ctx context.Context, units []Unit, built func()) error {
	root := do.New()
	for i := range units {
		do.ProvideNamed(root, units[i].Name, func(in do.Injector) (*service, error) {
			for _, d := range units[i].Uses {
				if _, err := do.InvokeNamed[*service](in, units[d].Name); err != nil {
					return nil, err
				}
			}
			return &service{&units[i]}, nil
		})
	}
	for i := range units {
		if _, err := do.InvokeNamed[*service](root, units[i].Name); err != nil {
			return err
		}
	}
	built()
	report := root.ShutdownWithContext(context.WithoutCancel(ctx))
	var errs errorList
	for _, err := range report.Errors {
		errs.add(err)
	}
	return errs.err
}
