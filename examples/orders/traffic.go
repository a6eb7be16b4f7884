package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"syscall"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/scope"
)

// crowd is the clients of a run. There are two: [clients] wait for each answer,
// [hangups] do not.
type crowd interface {
	// send sends orders until there are no more or the service has stopped. It
	// calls enough, perhaps concurrently, when it is time to stop the service.
	send(ctx context.Context, enough func()) error
}

// traffic is a service with clients at its door.
type traffic struct {
	service *service
	crowd   crowd
}

// run serves the clients until the program is asked to stop, by a signal: it sends
// itself SIGTERM when the clients have had enough. When it returns, both the
// service and the clients have ended.
func (t *traffic) run(ctx context.Context) (serviceErr, clientErr error) {
	var once sync.Once
	terminate := func() {
		select {
		case <-scope.Stopping(ctx): // a second signal would cut the stop short
			return
		default:
		}
		once.Do(func() {
			if err := sendSelf(syscall.SIGTERM); err != nil { // a system that has none
				program, _ := scope.From(ctx)
				program.Stop(fmt.Errorf("instead of SIGTERM: %w", err))
			}
		})
	}
	err := scope.Run(ctx, func(_ context.Context, s *scope.Scope) error {
		t.service.ready = func() {
			s.Go("clients", func(ctx context.Context) error {
				clientErr = t.crowd.send(ctx, terminate)
				terminate() // when there were too few of them
				return nil
			})
		}
		serviceErr = t.service.run(ctx)
		once.Do(func() {}) // a service that has failed needs no signal
		return nil
	}, scope.WithName("traffic"))
	return multierr.Append(serviceErr, err), clientErr
}

func sendSelf(s os.Signal) error {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	return self.Signal(s)
}
