package useafterdrop

import (
	"context"
	"errors"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

func deferred(ctx context.Context, g *guard.Guard[*Conn]) error {
	defer g.Drop(ctx)
	return g.Value().Ping()
}

func deferredLiteral(ctx context.Context, g *guard.Guard[*Conn]) error {
	defer func() { g.Drop(ctx) }()
	return g.Value().Ping()
}

func onError(ctx context.Context, g *guard.Guard[*Conn]) error {
	if err := g.Value().Ping(); err != nil {
		return errors.Join(err, g.Drop(ctx))
	}
	return g.Value().Ping()
}

func refused(ctx context.Context, h *scope.Handle[*Conn]) error {
	err := h.Drop(ctx)
	if err != nil {
		return h.Value().Ping() // it is still there
	}
	return nil
}

func inUse(ctx context.Context, h *scope.Handle[*Conn]) error {
	err := h.Drop(ctx)
	if errors.As(err, new(*scope.InUseError)) {
		return h.Value().Ping()
	}
	return err
}

func notReleased(g *guard.Guard[*Conn]) error {
	c, err := g.Release()
	if err != nil {
		return g.Value().Ping()
	}
	return c.Ping()
}

func correlated(ctx context.Context, g *guard.Guard[*Conn], done bool) error {
	if done {
		g.Drop(ctx)
	}
	println("half")
	if !done {
		return g.Value().Ping()
	}
	return nil
}

func asks(ctx context.Context, g *guard.Guard[*Conn]) error {
	g.Drop(ctx)
	_, err := g.Get()
	g.Drop(ctx)
	<-g.Done()
	return errors.Join(err, g.Err())
}

func another(ctx context.Context, g *guard.Guard[*Conn], c *Conn) error {
	g.Drop(ctx)
	g = guard.New(c, guard.Close)
	defer g.Drop(ctx)
	return g.Value().Ping()
}

func turns(ctx context.Context, conns []*Conn, stop bool) {
	for _, c := range conns {
		g := guard.New(c, guard.Close)
		g.Value().Ping()
		g.Drop(ctx)
	}
	g := guard.New(conns[0], guard.Close)
	for {
		g.Value().Ping()
		if stop {
			g.Drop(ctx)
			return
		}
	}
}

func (c *client) again(ctx context.Context, conn *Conn) error {
	c.g.Drop(ctx)
	c.g = guard.New(conn, guard.Close)
	return c.g.Value().Ping()
}

func (c *client) open(conn *Conn) { c.g = guard.New(conn, guard.Close) }

func (c *client) reopen(ctx context.Context, conn *Conn) error {
	c.g.Drop(ctx)
	c.open(conn)
	return c.g.Value().Ping()
}

func other(ctx context.Context, a, b *client) error {
	a.g.Drop(ctx)
	return b.g.Value().Ping()
}

func moved(ctx context.Context, h *scope.Handle[*Conn], to *scope.Scope) error {
	h, err := h.MoveTo(to)
	if err != nil {
		return err
	}
	return h.Use(ctx).Ping()
}

func before(ctx context.Context, s *scope.Scope, h *scope.Handle[*Conn]) error {
	ping := func() error { return h.Value().Ping() }
	if err := ping(); err != nil {
		return err
	}
	return h.Drop(ctx)
}
