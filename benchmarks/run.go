package benchmarks

import (
	"context"

	"github.com/oklog/run"
	"go.uber.org/multierr"
)

// Run is github.com/oklog/run: an actor for every unit. All actors are told to
// stop by a call of their interrupt function, one after the other in the order
// in which they were added; an actor that dropped on its own goroutine would do
// so in no order at all. So the interrupt functions drop, and actors are added
// in the reverse order of registration.
func Run() Peer { return Peer{Name: "run", Teardown: runTeardown} }

func runTeardown(ctx context.Context, units []Unit, built func()) error {
	ctx = context.WithoutCancel(ctx)
	var g run.Group
	var err error
	begin := make(chan struct{})
	g.Add(func() error { <-begin; return nil }, func(error) {})
	for i := len(units) - 1; i >= 0; i-- {
		stop := make(chan struct{})
		g.Add(
			func() error { <-stop; return nil },
			func(error) {
				err = multierr.Append(err, contain(ctx, units[i].Drop))
				close(stop)
			})
	}
	ended := make(chan error)
	go func() { ended <- g.Run() }() // a service calls Run in main; here somebody has to say when it ends
	built()
	close(begin)
	first := <-ended // after which nothing writes err any more
	return multierr.Append(err, first)
}
