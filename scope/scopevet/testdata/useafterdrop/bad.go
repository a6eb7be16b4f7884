// Package useafterdrop uses what is gone.
package useafterdrop

import (
	"context"
	"errors"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

type Conn struct{}

func (*Conn) Close() error { return nil }
func (*Conn) Ping() error  { return nil }

type client struct {
	g *guard.Guard[*Conn]
	h *scope.Handle[*Conn]
}

func mistakeDrop(ctx context.Context, g *guard.Guard[*Conn]) error {
	if err := g.Drop(ctx); err != nil {
		return err
	}
	return g.Value().Ping() // want `g.Value after g.Drop on line 23 panics: the value is gone`
}

func mistakeDropIgnored(ctx context.Context, g *guard.Guard[*Conn]) error {
	g.Drop(ctx)
	return g.Value().Ping() // want `g.Value after g.Drop`
}

func mistakeRelease(g *guard.Guard[*Conn]) error {
	c, err := g.Release()
	if err != nil {
		return err
	}
	if err := c.Ping(); err != nil {
		return err
	}
	return g.Value().Ping() // want `g.Value after g.Release`
}

func mistakeBorrow(ctx context.Context, g *guard.Guard[*Conn]) error {
	g.Drop(ctx)
	return g.Borrow(ctx, func(ctx context.Context, c *Conn) error { return c.Ping() }) // want `g.Borrow after g.Drop on line \d+ returns an error`
}

func mistakeHandle(ctx context.Context, h *scope.Handle[*Conn]) error {
	if err := h.Drop(ctx); err != nil {
		return err
	}
	return h.Value().Ping() // want `h.Value after h.Drop`
}

func mistakeHandleUse(ctx context.Context, h *scope.Handle[*Conn]) error {
	err := h.DropTree(ctx)
	return errors.Join(err, h.Use(ctx).Ping()) // want `h.Use after h.DropTree`
}

func mistakeHandleRelease(ctx context.Context, h *scope.Handle[*Conn]) error {
	c, err := h.Release()
	if err != nil {
		return err
	}
	defer c.Close()
	return h.Use(ctx).Ping() // want `h.Use after h.Release`
}

func mistakeMove(ctx context.Context, h *scope.Handle[*Conn], to *scope.Scope) error {
	moved, err := h.MoveTo(to)
	if err != nil {
		return err
	}
	_ = moved
	return h.Value().Ping() // want `h.Value after h.MoveTo`
}

func mistakeForgotReturn(ctx context.Context, g *guard.Guard[*Conn]) error {
	err := g.Value().Ping()
	if err != nil {
		g.Drop(ctx)
	}
	return g.Value().Ping() // want `g.Value after g.Drop`
}

func mistakeBothBranches(ctx context.Context, g *guard.Guard[*Conn], soon bool) error {
	if soon {
		g.Drop(ctx)
	} else {
		g.Release()
	}
	return g.Value().Ping() // want `g.Value after g`
}

func mistakeOneBranch(ctx context.Context, g *guard.Guard[*Conn], soon bool) error {
	g.Drop(ctx)
	if soon {
		return g.Value().Ping() // want `g.Value after g.Drop`
	}
	return nil
}

func mistakeLoop(ctx context.Context, g *guard.Guard[*Conn]) {
	for range 3 {
		g.Value().Ping() // want `g.Value after g.Drop`
		g.Drop(ctx)
	}
}

func mistakeLiteral(ctx context.Context, s *scope.Scope, h *scope.Handle[*Conn]) error {
	if err := h.Drop(ctx); err != nil {
		return err
	}
	s.Go("ping", func(ctx context.Context) error {
		return h.Value().Ping() // want `h.Value after h.Drop`
	})
	return nil
}

func mistakeInLiteral(ctx context.Context, s *scope.Scope, h *scope.Handle[*Conn]) {
	s.Go("ping", func(ctx context.Context) error {
		h.Drop(ctx)
		return h.Use(ctx).Ping() // want `h.Use after h.Drop`
	})
}

func (c *client) mistakeField(ctx context.Context) error {
	if err := c.g.Drop(ctx); err != nil {
		return err
	}
	return c.g.Value().Ping() // want `c.g.Value after c.g.Drop`
}

func (c *client) mistakeFieldHandle(ctx context.Context) error {
	c.h.Drop(ctx)
	return c.h.Use(ctx).Ping() // want `c.h.Use after c.h.Drop`
}

func mistakeMap(ctx context.Context, g *guard.Guard[*Conn]) error {
	m := guard.Map(g, func(c *Conn) error { return c.Ping() })
	defer m.Drop(ctx)
	return g.Value().Ping() // want `g.Value after guard.Map`
}

func mistakeShare(ctx context.Context, g *guard.Guard[*Conn]) error {
	s := guard.Share(g)
	defer s.Drop(ctx)
	return g.Borrow(ctx, func(ctx context.Context, c *Conn) error { return s.Value().Ping() }) // want `g.Borrow after guard.Share`
}

func mistakeShared(ctx context.Context, s *guard.Shared[*Conn]) (*guard.Shared[*Conn], error) {
	s.Drop(ctx)
	return s.Clone() // want `s.Clone after s.Drop on line \d+ returns an error`
}

func mistakeMutex(ctx context.Context, m *guard.Mutex[*Conn]) error {
	if err := m.Drop(ctx); err != nil {
		return err
	}
	_, unlock, err := m.Lock(ctx) // want `m.Lock after m.Drop`
	if err == nil {
		unlock()
	}
	return err
}

func mistakeRegister(ctx context.Context, s *scope.Scope, g *guard.Guard[*Conn]) error {
	g.Drop(ctx)
	_, err := scope.Register(s, "conn", g) // want `scope.Register after g.Drop`
	return err
}

func mistakeWith(ctx context.Context, g *guard.Guard[*Conn]) error {
	_, err := guard.With(ctx, g, func(ctx context.Context, c *Conn) (int, error) { return 0, c.Ping() })
	if err != nil {
		return err
	}
	return g.Value().Ping() // want `g.Value after guard.With`
}

func mistakeMade(ctx context.Context, s *scope.Scope, c *Conn) error {
	h, err := scope.Register(s, "conn", guard.New(c, guard.Close))
	if err != nil {
		return err
	}
	if err := h.Drop(ctx); err != nil {
		return err
	}
	return h.Use(ctx).Ping() // want `h.Use after h.Drop`
}

// The value was read before and is used after: values are not followed.
func mistakeValue(ctx context.Context, g *guard.Guard[*Conn]) error {
	c := g.Value()
	g.Drop(ctx)
	return c.Ping()
}
