// Package guardleak forgets guards.
package guardleak

import (
	"context"
	"errors"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"

	"mistakes/guardleak/pool"
)

type Conn struct{}

func (*Conn) Close() error               { return nil }
func (*Conn) Ping() error                { return nil }
func (*Conn) Drop(context.Context) error { return nil }

func dial() (*Conn, error) { return &Conn{}, nil }

func mistakeOnError(s *scope.Scope) error {
	conn, err := dial()
	if err != nil {
		return err
	}
	g := guard.New(conn, guard.Close) // want `the guard of guard.New is neither dropped, registered, returned nor stored on the way to line 29`
	if err := g.Value().Ping(); err != nil {
		return err
	}
	_, err = scope.Register(s, "conn", g)
	return err
}

func mistakeNever(c *Conn) error {
	g := guard.New(c, guard.Close) // want `guard.New is neither dropped`
	return g.Value().Ping()
}

func mistakeOf(c *Conn) error {
	g := guard.Of(c) // want `the guard of guard.Of is neither dropped`
	return g.Value().Ping()
}

func mistakeDiscarded(c *Conn) {
	guard.New(c, guard.Close) // want `guard.New is thrown away: it is never dropped`
}

func mistakeBlank(c *Conn) {
	_ = guard.Of(c) // want `guard.Of is thrown away`
}

func mistakeChained(c *Conn) *Conn {
	return guard.New(c, guard.Close, guard.Name("conn")).Value() // want `guard.New is neither dropped`
}

func mistakeBranch(ctx context.Context, c *Conn, keep bool) {
	g := guard.New(c, guard.Close) // want `guard.New is neither dropped, registered, returned nor stored`
	if keep {
		c.Ping()
	} else {
		g.Drop(ctx)
	}
}

func mistakeSwitch(ctx context.Context, c *Conn, n int) error {
	g := guard.New(c, guard.Close) // want `guard.New is neither dropped`
	switch n {
	case 1:
		return g.Drop(ctx)
	case 2:
		_, err := g.Release()
		return err
	}
	return nil
}

func mistakeLoop(ctx context.Context, conns []*Conn) {
	for _, c := range conns {
		g := guard.New(c, guard.Close) // want `neither dropped, registered, returned nor stored when the loop comes around`
		if c.Ping() != nil {
			continue
		}
		g.Drop(ctx)
	}
}

func mistakeLastOnly(ctx context.Context, conns []*Conn) error {
	var g *guard.Guard[*Conn]
	for _, c := range conns {
		g = guard.New(c, guard.Close) // want `guard.New is neither dropped`
		g.Value().Ping()
	}
	return g.Drop(ctx)
}

func mistakeOnlyInLiteral(c *Conn) func() error {
	g := guard.New(c, guard.Close) // want `guard.New is neither dropped`
	return func() error { return g.Value().Ping() }
}

func mistakeBorrow(ctx context.Context, c *Conn) error {
	g := guard.New(c, guard.Close) // want `guard.New is neither dropped`
	return g.Borrow(ctx, func(ctx context.Context, c *Conn) error { return c.Ping() })
}

func mistakeWaits(c *Conn) {
	g := guard.New(c, guard.Close) // want `guard.New is neither dropped`
	<-g.Done()
}

func mistakeEarlyReturn(ctx context.Context, c *Conn) error {
	g := guard.New(c, guard.Close) // want `guard.New is neither dropped`
	if c == nil {
		return errors.New("no connection")
	}
	defer g.Drop(ctx)
	return g.Value().Ping()
}

func mistakeShare(ctx context.Context, c *Conn) error {
	s := guard.Share(guard.New(c, guard.Close)) // want `the guard of guard.Share is neither dropped`
	return s.Value().Ping()
}

func mistakeClone(s *guard.Shared[*Conn]) error {
	c, err := s.Clone() // want `the guard of s.Clone is neither dropped`
	if err != nil {
		return err
	}
	return c.Value().Ping()
}

func mistakeCloneThrown(s *guard.Shared[*Conn]) error {
	_, err := s.Clone() // want `the guard of s.Clone is thrown away: it is never dropped`
	return err
}

func mistakeUpgrade(w *guard.Weak[*Conn]) {
	if s, ok := w.Upgrade(); ok { // want `the guard of w.Upgrade is neither dropped`
		s.Value().Ping()
	}
}

func mistakeMap(ctx context.Context, g *guard.Guard[*Conn]) error {
	m := guard.Map(g, func(c *Conn) error { return c.Ping() }) // want `the guard of guard.Map is neither dropped`
	return m.Value()
}

func mistakeTake(t *guard.Table[string, *Conn]) error {
	g, ok := t.Take("conn") // want `the guard of t.Take is neither dropped`
	if !ok {
		return nil
	}
	return g.Value().Ping()
}

func mistakeLazy(ctx context.Context, l *guard.Lazy[*Conn]) error {
	s, err := l.Get(ctx) // want `the guard of l.Get is neither dropped`
	if err != nil {
		return err
	}
	return s.Value().Ping()
}

func mistakeMutex(ctx context.Context, c *Conn) error {
	m := guard.NewMutex(guard.New(c, guard.Close)) // want `the guard of guard.NewMutex is neither dropped`
	return m.With(ctx, func(ctx context.Context, c *Conn) error { return c.Ping() })
}

func open() (*guard.Guard[*Conn], error) {
	c, err := dial()
	if err != nil {
		return nil, err
	}
	return guard.New(c, guard.Close), nil
}

func mistakeOpened() error {
	g, err := open() // want `the guard of open is neither dropped`
	if err != nil {
		return err
	}
	return g.Value().Ping()
}

func mistakePool() error {
	g := pool.Open() // want `the guard of pool.Open is neither dropped`
	return g.Value()
}

// What another function does with a guard is not looked into.
func mistakeGiven(c *Conn) {
	look(guard.New(c, guard.Close))
}

func look(g *guard.Guard[*Conn]) { g.Value().Ping() }
