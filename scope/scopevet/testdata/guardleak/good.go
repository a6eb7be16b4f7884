package guardleak

import (
	"context"
	"log"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"

	"mistakes/guardleak/pool"
)

type holder struct{ g *guard.Guard[*Conn] }

func dropped(ctx context.Context, c *Conn) error {
	g := guard.New(c, guard.Close)
	defer g.Drop(ctx)
	if err := g.Value().Ping(); err != nil {
		return err
	}
	return nil
}

func droppedInLiteral(ctx context.Context, c *Conn) (err error) {
	g := guard.New(c, guard.Close)
	defer func() {
		if err != nil {
			err = g.Drop(ctx)
		}
	}()
	return g.Value().Ping()
}

func registered(s *scope.Scope, c *Conn) error {
	_, err := scope.Register(s, "conn", guard.New(c, guard.Close))
	return err
}

func returned(c *Conn) *guard.Guard[*Conn] { return guard.New(c, guard.Close) }

func returnedBoth(c *Conn) (*guard.Guard[*Conn], error) {
	g := guard.New(c, guard.Close)
	if err := g.Value().Ping(); err != nil {
		return g, err
	}
	return g, nil
}

func stored(h *holder, c *Conn, m map[string]*guard.Guard[*Conn], ch chan *guard.Guard[*Conn]) {
	h.g = guard.New(c, guard.Close)
	m["conn"] = guard.New(c, guard.Close)
	ch <- guard.New(c, guard.Close)
	all := []*guard.Guard[*Conn]{guard.New(c, guard.Close)}
	_ = all
	_ = &holder{guard.New(c, guard.Close)}
}

func released(c *Conn) (*Conn, error) {
	g := guard.New(c, guard.Close)
	if c == nil {
		log.Fatal("no connection") // does not return
	}
	if c.Ping() != nil {
		panic("no connection")
	}
	return g.Release()
}

func given(ctx context.Context, c *Conn) error {
	a, b := guard.New(c, guard.Close), guard.New(c, guard.Close)
	_, err := guard.With(ctx, guard.New(c, guard.Close), func(ctx context.Context, c *Conn) (int, error) { return 0, nil })
	if err != nil {
		return guard.DropAll(ctx, a, b)
	}
	defer guard.DropAll(ctx, a)
	return b.Drop(ctx)
}

func onError(ctx context.Context) error {
	g, err := open()
	if err != nil {
		return err // there is none
	}
	return g.Drop(ctx)
}

func onNil(ctx context.Context, t *guard.Table[string, *Conn], w *guard.Weak[*Conn]) error {
	if s, ok := w.Upgrade(); ok {
		defer s.Drop(ctx)
	}
	g, _ := t.Take("conn")
	if g == nil {
		return nil
	}
	return g.Drop(ctx)
}

func maybe(ctx context.Context, c *Conn) error {
	var g *guard.Guard[*Conn]
	if c != nil {
		g = guard.New(c, guard.Close)
	}
	return g.Drop(ctx) // nil owes nothing
}

func method(c *Conn) func(context.Context) error { return guard.New(c, guard.Close).Drop }

func kept() error { return pool.Kept().Value() }

func loop(ctx context.Context, conns []*Conn) (all []*guard.Guard[*Conn]) {
	for _, c := range conns {
		g := guard.New(c, guard.Close)
		if c.Ping() != nil {
			g.Drop(ctx)
			continue
		}
		all = append(all, g)
	}
	return all
}

func tasks(ctx context.Context, s *scope.Scope, c *Conn) {
	g := guard.New(c, guard.Close)
	s.Go("use", func(ctx context.Context) error {
		defer g.Drop(ctx)
		return g.Value().Ping()
	})
}
