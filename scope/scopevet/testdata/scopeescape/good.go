package scopeescape

import (
	"context"
	"net/http"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

func good(ctx context.Context, w http.ResponseWriter, r *http.Request, next http.Handler) (n int, err error) {
	var db *scope.Handle[*DB] // for the body alone
	err = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) (err error) {
		db, err = scope.Acquire(ctx, s, "db", openDB, guard.Close)
		if err != nil {
			return err
		}
		var v service
		v.scope, v.ctx, v.db = s, ctx, db
		all := map[string]*service{"main": &v}
		all["second"] = &service{scope: s}
		handles := make(chan *scope.Handle[*DB], 1)
		handles <- db
		ctx = context.WithoutCancel(ctx)
		r = r.WithContext(ctx)
		next.ServeHTTP(w, r)
		n++
		return nil
	})
	return n, err
}

// A value may leave: it is the program's to know what it is.
func value(ctx context.Context) (db *DB, err error) {
	err = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		h, err := scope.Acquire(ctx, s, "db", openDB, guard.Nothing)
		if err != nil {
			return err
		}
		db, err = h.Release()
		return err
	})
	return db, err
}

// What belongs to an outer scope outlives the inner one.
func outer(ctx context.Context, outer *scope.Scope) (*scope.Handle[*DB], error) {
	var db *scope.Handle[*DB]
	err := scope.Run(ctx, func(ctx context.Context, s *scope.Scope) (err error) {
		db, err = scope.Acquire(ctx, outer, "db", openDB, guard.Close)
		return err
	})
	if err != nil {
		return nil, err
	}
	return scope.RunValue(ctx, func(ctx context.Context, s *scope.Scope) (*scope.Handle[*DB], error) {
		return db.MoveTo(outer)
	})
}

// A helper hands on what it was given.
func helper(ctx context.Context, s *scope.Scope) (*service, error) {
	v := &service{scope: s, ctx: ctx}
	var err error
	v.db, err = scope.Acquire(ctx, s, "db", openDB, guard.Close)
	return v, err
}

func number(ctx context.Context) (int, error) {
	return scope.RunValue(ctx, func(ctx context.Context, s *scope.Scope) (int, error) {
		v, err := helper(ctx, s)
		if err != nil {
			return 0, err
		}
		_ = v.db.Value()
		return 1, nil
	})
}

// The program ends with its Main.
func (v *service) main(ctx context.Context, s *scope.Scope) (err error) {
	v.scope = s
	v.db, err = scope.Acquire(ctx, s, "db", openDB, guard.Close)
	return err
}

func program(v *service) int { return scope.Main(v.main) }
