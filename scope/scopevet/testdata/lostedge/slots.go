package lostedge

import (
	"context"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

func mistakeSlot(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.NewSlot(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		return newCache(db.Value()) // want `db.Value\(\) in the open function of "cache"`
	}, guard.Close)
	return err
}

func mistakeReplace(ctx context.Context, slot *scope.Slot[*Cache], db *scope.Handle[*DB]) error {
	return slot.Replace(ctx, func(ctx context.Context) (*Cache, error) {
		return newCache(db.Value()) // want `db.Value\(\) in the open function of a slot`
	})
}

func mistakeUseSlot(outer context.Context, s *scope.Scope, slot *scope.Slot[*DB]) error {
	_, err := scope.Acquire(outer, s, "cache", func(ctx context.Context) (*Cache, error) {
		db, err := slot.Use(outer) // want `the context outer is not`
		if err != nil {
			return nil, err
		}
		return newCache(db)
	}, guard.Close)
	return err
}

// The value of a slot is for values that need no drop.
func slotValue(ctx context.Context, s *scope.Scope, config *scope.Slot[*DB]) error {
	_, err := scope.NewSlot(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		return newCache(config.Value())
	}, guard.Close)
	return err
}
