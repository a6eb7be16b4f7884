package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/scope"
)

// trafficTime is when the signal comes at the latest, however slow the disk.
const trafficTime = 3 * time.Second

// traffic is a service with clients at its door.
type traffic struct {
	service *service
	clients *clients
	n       int // so many clients at once
	middle  int // the signal comes after so many acknowledgements
}

// middleOf is where traffic is thickest: after three of five orders.
func middleOf(orders int) int { return (orders*3 + 4) / 5 }

// run serves the clients until the process gets SIGTERM, which it sends to
// itself while they are at it, or an interrupt. When it returns, both the
// service and the clients have ended.
func (t *traffic) run(ctx context.Context) (serviceErr, clientErr error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	serving, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop() // not before the last that could send one has ended
	var once sync.Once
	terminate := func() {
		once.Do(func() {
			if err := sendSelf(syscall.SIGTERM); err != nil {
				cancel(fmt.Errorf("instead of SIGTERM: %w", err)) // a system that has none
			}
		})
	}
	progress := t.clients.progress
	t.clients.progress = func(n int) {
		progress(n)
		if n >= t.middle {
			terminate()
		}
	}
	err := scope.Run(ctx, func(_ context.Context, s *scope.Scope) error {
		t.service.ready = func() {
			s.Go("clients", func(ctx context.Context) error {
				late := time.AfterFunc(trafficTime, terminate)
				defer late.Stop()
				clientErr = t.clients.send(ctx, t.n)
				terminate() // when there were too few of them
				return nil
			})
		}
		serviceErr = t.service.run(serving)
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
