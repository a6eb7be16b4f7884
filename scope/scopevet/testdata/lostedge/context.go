package lostedge

import (
	"context"
	"net/http"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

func mistakeOuterContext(outer context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(outer, s, "cache", func(ctx context.Context) (*Cache, error) {
		return newCache(db.Use(outer)) // want `the context outer is not that of the open function of "cache": what is used through it records no edge`
	}, guard.Close)
	return err
}

func mistakeBackground(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		return newCache(db.Use(context.Background())) // want `the context context.Background\(\) is not`
	}, guard.Close)
	return err
}

func mistakeScopeContext(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		return newCache(db.Use(s.Context())) // want `the context s.Context\(\) is not`
	}, guard.Close)
	return err
}

func mistakeNoContext(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "cache", func(context.Context) (*Cache, error) {
		return newCache(db.Use(ctx)) // want `the context ctx is not`
	}, guard.Close)
	return err
}

func mistakeDerived(outer context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(outer, s, "cache", func(ctx context.Context) (*Cache, error) {
		short, cancel := context.WithTimeout(outer, time.Second)
		defer cancel()
		return newCache(db.Use(short)) // want `the context short is not`
	}, guard.Close)
	return err
}

func mistakeRequest(r *http.Request, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(r.Context(), s, "cache", func(ctx context.Context) (*Cache, error) {
		return newCache(db.Use(r.Context())) // want `the context r.Context\(\) is not`
	}, guard.Close)
	return err
}

func (p *parts) mistakeField(s *scope.Scope) error {
	_, err := scope.Acquire(p.ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		return newCache(p.db.Use(p.ctx)) // want `the context p.ctx is not`
	}, guard.Close)
	return err
}

func mistakeBorrow(outer context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(outer, s, "cache", func(ctx context.Context) (c *Cache, err error) {
		err = db.Borrow(outer, func(_ context.Context, db *DB) error { // want `what is borrowed through it`
			c, err = newCache(db)
			return err
		})
		return c, err
	}, guard.Close)
	return err
}

func mistakeLazyUse(outer context.Context, s *scope.Scope, db *scope.LazyHandle[*DB]) error {
	_, err := scope.Acquire(outer, s, "cache", func(ctx context.Context) (*Cache, error) {
		v, err := db.Use(outer) // want `the context outer is not`
		if err != nil {
			return nil, err
		}
		return newCache(v)
	}, guard.Close)
	return err
}

func mistakeAcquire(outer context.Context, s *scope.Scope) error {
	_, err := scope.Acquire(outer, s, "cache", func(ctx context.Context) (*Cache, error) {
		db, err := scope.Acquire(outer, s, "db", openDB, guard.Close) // want `what is acquired through it`
		if err != nil {
			return nil, err
		}
		return newCache(db.Use(ctx))
	}, guard.Close)
	return err
}
