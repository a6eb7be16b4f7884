package lostedge

import (
	"context"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

func mistakeValue(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		return newCache(db.Value()) // want `db.Value\(\) in the open function of "cache" records no edge: db.Use\(ctx\) does`
	}, guard.Close)
	return err
}

func mistakeValueUnnamed(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "cache", func(context.Context) (*Cache, error) {
		return newCache(db.Value()) // want `records no edge`
	}, guard.Close)
	return err
}

func mistakeValueBlank(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "cache", func(_ context.Context) (*Cache, error) {
		conn := db.Value() // want `records no edge`
		return newCache(conn)
	}, guard.Close)
	return err
}

func mistakeLazy(s *scope.Scope, db *scope.Handle[*DB]) *scope.LazyHandle[*Cache] {
	return scope.Lazy(s, "cache", func(ctx context.Context) (*Cache, error) {
		return newCache(db.Value()) // want `in the open function of "cache"`
	}, guard.Close)
}

// One of two is used as it should be.
func mistakeSecond(ctx context.Context, s *scope.Scope, a, b *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		c, err := newCache(a.Use(ctx))
		if err == nil {
			err = c.Flush(b.Value()) // want `b.Value\(\) in the open function`
		}
		return c, err
	}, guard.Close)
	return err
}

// The value is read later, when the cache is in use.
func mistakeLater(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		return lateCache(func() *DB { return db.Value() }) // want `records no edge`
	}, guard.Close)
	return err
}

func mistakeMethodValue(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		return lateCache(db.Value) // want `records no edge`
	}, guard.Close)
	return err
}

func (p *parts) open(ctx context.Context) (*Cache, error) {
	return newCache(p.db.Value()) // want `p.db.Value\(\) in the open function of "cache"`
}

// The open function is a method, which is reported where it reads.
func (p *parts) mistakeMethod(ctx context.Context, s *scope.Scope) error {
	open := func(ctx context.Context) (*Cache, error) {
		return newCache(p.db.Value()) // want `records no edge`
	}
	if _, err := scope.Acquire(ctx, s, "cache", p.open, guard.Close); err != nil {
		return err
	}
	_, err := scope.Acquire(ctx, s, "second", open, guard.Close)
	return err
}

func opener(db *scope.Handle[*DB]) func(context.Context) (*Cache, error) {
	return func(context.Context) (*Cache, error) {
		return newCache(db.Value()) // want `in the open function of "made"`
	}
}

func made(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "made", opener(db), guard.Close)
	return err
}

// An edge to one guard is declared, and another is read.
func mistakeDeclaresOther(ctx context.Context, s *scope.Scope, a, b *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		return newCache(b.Value()) // want `b.Value\(\)`
	}, guard.Close, scope.DependsOn(a))
	return err
}
