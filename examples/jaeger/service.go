package main

import (
	"context"
	"errors"
	"time"

	"github.com/ebb-go/ebb/scope"
)

var (
	errRollout = errors.New("a new version is rolled out")
	errMail    = errors.New("421 try again later")
)

// part is a guard of the service: what it depends on, and how long its drop
// takes, in paces.
type part struct {
	name string
	on   []string
	took float64
	err  error // of its drop
	deaf bool  // its drop does not hear that its time is up
	opts []scope.GuardOption
}

// parts returns the guards of the service, dependencies first. The server is a
// daemon and depends on sessions, orders, mailer and audit.
//
//	server ─┬─> sessions ──> redis ────┐
//	        ├─> orders ────> postgres ─┼─> config
//	        ├─> mailer ────────────────┘
//	        └─> audit ─────> disk
//	reports ───────────────> postgres
func (v *service) parts() []part {
	limit := scope.DropTimeout(4 * v.pace)
	return []part{
		{name: "config", took: .2},
		{name: "redis", on: []string{"config"}, took: 1},
		{name: "postgres", on: []string{"config"}, took: 2},
		{name: "disk", took: .5},
		{name: "sessions", on: []string{"redis"}, took: 1.5},
		{name: "orders", on: []string{"postgres"}, took: 1},
		{name: "mailer", on: []string{"config"}, took: .5, err: errMail},
		// It may still be writing when it is given up. So its disk is held.
		{name: "audit", on: []string{"disk"}, took: 50, deaf: true, opts: []scope.GuardOption{limit, scope.Hold()}},
		{name: "reports", on: []string{"postgres"}, took: 8}, // the slow one
	}
}

// service is the service. It does nothing but take its time.
type service struct{ pace time.Duration }

// run opens the parts, serves until a new version is rolled out, and returns.
// The rest is the scope's.
func (v *service) run(ctx context.Context, s *scope.Scope) error {
	opened := map[string]scope.Node{}
	on := func(names ...string) scope.GuardOption {
		var nodes []scope.Node
		for _, name := range names {
			nodes = append(nodes, opened[name])
		}
		return scope.DependsOn(nodes...)
	}
	for _, p := range v.parts() {
		h, err := scope.Acquire(ctx, s, p.name, v.open, v.drop(p), append(p.opts, on(p.on...))...)
		if err != nil {
			return err
		}
		opened[p.name] = h
	}
	_, err := s.Daemon("server", v.serve, on("sessions", "orders", "mailer", "audit"), scope.Graceful())
	if err != nil {
		return err
	}
	v.wait(ctx, 6)
	s.Cancel(errRollout)
	return nil
}

// open opens a part.
func (v *service) open(ctx context.Context) (struct{}, error) {
	v.wait(ctx, .1)
	return struct{}{}, nil
}

// drop gives a part up in its time.
func (v *service) drop(p part) func(context.Context, struct{}) error {
	return func(ctx context.Context, _ struct{}) error {
		if p.deaf {
			ctx = context.WithoutCancel(ctx)
		}
		v.wait(ctx, p.took)
		return p.err
	}
}

// wait waits for n paces, or until ctx ends.
func (v *service) wait(ctx context.Context, n float64) {
	select {
	case <-time.After(time.Duration(n * float64(v.pace))):
	case <-ctx.Done():
	}
}
