package guard_test

import (
	"context"
	"testing"

	"github.com/ebb-go/ebb/guard"
)

func TestSmoke(t *testing.T) {
	g := guard.New(1, guard.Nothing)
	if g.Value() != 1 || g.Drop(context.Background()) != nil || !g.Dropped() {
		t.Fatal("no")
	}
	func() {
		defer func() { t.Log(recover()) }()
		g.Value()
	}()
	g = guard.New(1, func(ctx context.Context, _ int) error { return g.Drop(ctx) }, guard.Name("db"))
	if err := g.Drop(context.Background()); err != guard.ErrReentrant {
		t.Fatal(err)
	}
	stop := guard.Track()
	guard.New(3, guard.Nothing)
	t.Log(stop())
}
