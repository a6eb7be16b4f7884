package main

import (
	"context"
	"database/sql"
	"net"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
	"github.com/ebb-go/ebb/trace"
)

// grace bounds the stop, all in all. It would be the
// terminationGracePeriodSeconds of a pod.
const grace = 6 * time.Second

// service is the order-taking service: what it is given, and what is known of
// it when it has ended.
type service struct {
	dir      string // of its files
	listener net.Listener
	chaos    bool
	ready    func() // called when it serves

	tally  tally
	served bool          // ready was called
	before []string      // numbers of the orders that an earlier run has taken
	report *trace.Report // of the stop
}

// The files of the service, in its directory.
func (v *service) databasePath() string { return filepath.Join(v.dir, "orders.db") }
func (v *service) journalPath() string  { return filepath.Join(v.dir, "orders.journal") }
func (v *service) streamPath() string   { return filepath.Join(v.dir, "stream") }

// run serves until it is asked to stop, by [scope.Scope.Stop] of a scope around it,
// then stops in order and returns nil. The drawing has what uses what, and so what is stopped before what: an arrow is a Use in
// open, or a DependsOn in start. (The relay's own arrows to stream and database
// are left out.)
//
//	server ──────┬─> relay ─┬─> journal
//	             │          └─> projection ─┬─> stream ──> nats
//	             │                          │
//	             ├─> cache ─────────────────┴─> database
//	write-behind ┘
//
// The server answers what it has begun and takes no more. Then the relay has
// the last of the events, and then the projection: each finds its source at
// rest, and so can tell when it has come to the end. The cache writes what it
// has only in memory. Only then is the database closed.
func (v *service) run(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		p, err := v.open(ctx, s)
		if err != nil {
			return err
		}
		v.before, err = column[string](ctx, p.database.Value(), `SELECT number FROM orders`)
		if err != nil {
			return err
		}
		if err := v.start(ctx, s, p); err != nil {
			return err
		}
		v.served = true
		v.ready()
		return s.Wait(ctx)
	}, scope.WithName("orders"), scope.WithGrace(grace), scope.WithReport(func(r *trace.Report) { v.report = r }))
}

// parts are the guards of the service.
type parts struct {
	database *scope.Handle[*sql.DB]
	journal  *scope.Handle[*journal]
	stream   *scope.Handle[*stream]
	cache    *scope.Handle[*cache]
}

// open acquires the guards. If one cannot be had, those before it are dropped.
func (v *service) open(ctx context.Context, s *scope.Scope) (p parts, err error) {
	p.database, err = acquire(ctx, s, &v.tally, "database", func(ctx context.Context) (*sql.DB, error) {
		return openDatabase(ctx, v.databasePath())
	}, guard.Close)
	if err != nil {
		return p, err
	}
	durable, err := outbox{p.database.Value()}.forgotten(ctx)
	if err != nil {
		return p, err
	}
	p.journal, err = acquire(ctx, s, &v.tally, "journal", func(context.Context) (*journal, error) {
		return openJournal(v.journalPath(), durable)
	}, guard.Close)
	if err != nil {
		return p, err
	}
	nats, err := acquire(ctx, s, &v.tally, "nats", func(context.Context) (*server.Server, error) {
		return startNATS(v.streamPath())
	}, guard.Func(stopNATS))
	if err != nil {
		return p, err
	}
	p.stream, err = acquire(ctx, s, &v.tally, "stream", func(ctx context.Context) (*stream, error) {
		return openStream(ctx, nats.Use(ctx)) // by its Use here, the stream depends on nats
	}, guard.Close)
	if err != nil {
		return p, err
	}
	p.cache, err = acquire(ctx, s, &v.tally, "cache", func(ctx context.Context) (*cache, error) {
		return openCache(ctx, p.database.Use(ctx))
	}, func(ctx context.Context, c *cache) error { return c.flush(ctx) })
	return p, err
}

// start starts the daemons. Those that are Graceful are asked to stop when it
// is their turn, and finish what they have begun.
func (v *service) start(ctx context.Context, s *scope.Scope, p parts) error {
	db, journal, stream, cache := p.database.Value(), p.journal.Value(), p.stream.Value(), p.cache.Value()

	if _, err := s.Daemon("write-behind", cache.run, scope.DependsOn(p.cache)); err != nil {
		return err
	}
	projection, err := openProjection(ctx, db, stream)
	if err != nil {
		return err
	}
	projecting, err := s.Daemon("projection", func(ctx context.Context) error {
		return projection.run(ctx, scope.Stopping(ctx))
	}, scope.DependsOn(p.database, p.stream), scope.Graceful())
	if err != nil {
		return err
	}
	relay := newRelay(outbox{db}, journal, stream)
	relaying, err := s.Daemon("relay", func(ctx context.Context) error {
		return relay.run(ctx, scope.Stopping(ctx))
	}, scope.DependsOn(p.database, p.journal, p.stream, projecting), scope.Graceful())
	if err != nil {
		return err
	}
	used := []scope.Node{p.database, p.cache, relaying}
	if v.chaos {
		nodes, err := acquireChaos(ctx, s, &v.tally, p.database)
		if err != nil {
			return err
		}
		used = append(used, nodes...)
	}
	api := &api{db: db, cache: cache, relay: relay, tally: &v.tally}
	_, _, err = scopehttp.ServeOn(ctx, s, "server", v.listener, newServer(api.routes()), scope.DependsOn(used...))
	return err
}
