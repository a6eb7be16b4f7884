package lostedge

import (
	"context"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

func good(ctx context.Context, s *scope.Scope) error {
	db, err := scope.Acquire(ctx, s, "db", openDB, guard.Close)
	if err != nil {
		return err
	}
	v := db.Value() // for what is no open function
	if err := v.Close(); err != nil {
		return err
	}
	cache, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		return newCache(db.Use(ctx))
	}, func(ctx context.Context, c *Cache) error {
		return c.Flush(db.Value()) // the edge is there
	})
	if err != nil {
		return err
	}
	for _, opt := range []scope.GuardOption{scope.DependsOn(db), scope.AlsoDependsOn(cache, db)} {
		if _, err := scope.Acquire(ctx, s, "unknown option", func(ctx context.Context) (*Cache, error) {
			return newCache(db.Value())
		}, guard.Close, opt); err != nil {
			return err
		}
	}
	if _, err := scope.Acquire(ctx, s, "declared", func(ctx context.Context) (*Cache, error) {
		return newCache(db.Value())
	}, guard.Close, scope.DependsOn(db)); err != nil {
		return err
	}
	if _, err := scope.Acquire(ctx, s, "both", func(ctx context.Context) (*Cache, error) {
		db.Use(ctx)
		return lateCache(db.Value)
	}, guard.Close); err != nil {
		return err
	}
	if _, err := scope.Acquire(ctx, s, "derived", func(outer context.Context) (*Cache, error) {
		ctx, cancel := context.WithTimeout(outer, time.Second)
		defer cancel()
		ctx = context.WithoutCancel(ctx)
		return newCache(db.Use(ctx))
	}, guard.Close); err != nil {
		return err
	}
	if _, err := scope.Acquire(ctx, s, "passes the context", func(ctx context.Context) (*Cache, error) {
		return use(ctx, db)
	}, guard.Close); err != nil {
		return err
	}
	if _, err := scope.Defer(s, "flush", func(context.Context) error {
		return cache.Value().Flush(db.Value())
	}, scope.DependsOn(cache, db)); err != nil {
		return err
	}
	if _, err := s.Daemon("by default", func(ctx context.Context) error {
		return cache.Value().Flush(db.Value())
	}); err != nil {
		return err
	}
	s.Go("task", func(ctx context.Context) error { return cache.Value().Flush(db.Value()) })
	return s.Wait(ctx)
}

func use(ctx context.Context, db *scope.Handle[*DB]) (*Cache, error) { return newCache(db.Use(ctx)) }

// Depend records the edge afterwards.
func late(ctx context.Context, s *scope.Scope, stats *scope.Handle[*DB]) error {
	c, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		return newCache(stats.Value())
	}, guard.Close)
	if err != nil {
		return err
	}
	return s.Depend(c, stats)
}

// A task of the open function may read what it likes: the guard waits for nothing
// that it reads.
func nested(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		c := &Cache{}
		return c, scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			s.Go("warm up", func(ctx context.Context) error { return c.Flush(db.Value()) })
			return nil
		})
	}, guard.Close)
	return err
}

// The outer scope's guards outlive what is dropped here.
func outer(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "flush", func(context.Context) error { return db.Value().Close() })
		return err
	})
}

func meant(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		db.Value().Close() //scopevet:ignore lostedge,other it is meant
		//scopevet:ignore lostedge
		return newCache(db.Value())
	}, guard.Close)
	return err
}
