package main

import (
	"context"
	"errors"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// part is a guard of the service: what it depends on, and how long its drop
// takes, in parts of the pace.
type part struct {
	name string
	on   []string
	took float64
	err  error
}

// parts returns the guards of the service, dependencies first:
//
//	consumer -> nats, orders   http -> orders, cache
//	orders -> postgres         cache -> redis          mailer -> nats
//	postgres, redis, nats -> config
func parts() []part {
	return []part{
		{name: "config", took: .1},
		{name: "postgres", on: []string{"config"}, took: 1},
		{name: "redis", on: []string{"config"}, took: .3},
		{name: "nats", on: []string{"config"}, took: .6},
		{name: "cache", on: []string{"redis"}, took: .8},
		{name: "orders", on: []string{"postgres"}, took: .4},
		{name: "mailer", on: []string{"nats"}, took: .2, err: errors.New("421 try again later")},
	}
}

// service is the service: it opens its parts, takes requests and consumes
// messages until it is asked to stop.
func (d *demo) service(ctx context.Context, s *scope.Scope) error {
	opened := make(map[string]scope.Node)
	on := func(names ...string) scope.GuardOption {
		nodes := make([]scope.Node, len(names))
		for i, name := range names {
			nodes[i] = opened[name]
		}
		return scope.DependsOn(nodes...)
	}
	for _, p := range parts() {
		h, err := scope.Acquire(ctx, s, p.name, p.open, d.drop(p), on(p.on...))
		if err != nil {
			return err
		}
		opened[p.name] = h
	}
	if _, err := s.Daemon("http", d.requests, on("orders", "cache")); err != nil {
		return err
	}
	if _, err := s.Daemon("consumer", forever, on("orders", "nats")); err != nil {
		return err
	}
	s.Go("reindex", forever)
	select {
	case <-d.stop:
		s.Cancel(errAsked)
	case <-ctx.Done():
	}
	return nil
}

func (p part) open(context.Context) (part, error) { return p, nil }

// drop gives a part up in its time.
func (d *demo) drop(p part) func(ctx context.Context, p part) error {
	return func(ctx context.Context, p part) error {
		wait(ctx, time.Duration(p.took*float64(d.pace)))
		return p.err
	}
}

// requests takes ten requests in the time of the pace, until it is told to end.
// Those that have begun are finished: they run in a scope whose context does
// not end with the daemon's, and for which the daemon waits.
func (d *demo) requests(ctx context.Context) error {
	return scope.Run(context.WithoutCancel(ctx), func(_ context.Context, s *scope.Scope) error {
		for wait(ctx, d.pace/10) {
			s.Go("request", d.request)
		}
		return nil
	}, scope.WithName("http"))
}

// request is one request, with a transaction.
func (d *demo) request(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "tx", func(context.Context) error { return nil })
		wait(ctx, d.pace)
		return err
	}, scope.WithName("request"))
}

// forever runs until it is told to end.
func forever(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// wait waits for d and reports whether ctx lives.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
