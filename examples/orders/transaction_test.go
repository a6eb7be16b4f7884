package main

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"testing"

	"github.com/ebb-go/ebb/scope"
)

// The rule of each row: an order is written if the scope succeeds, and in no
// other case; and the one connection is free again in every case.
func TestTransactionEndsAsItsScope(t *testing.T) {
	failed := errors.New("out of stock")
	for name, test := range map[string]struct {
		end  func(ctx context.Context, s *scope.Scope) error
		rows int
	}{
		"success": {func(context.Context, *scope.Scope) error { return nil }, 1},
		"failure": {func(context.Context, *scope.Scope) error { return failed }, 0},
		"panic":   {func(context.Context, *scope.Scope) error { panic(failed) }, 0},
		"goexit":  {func(context.Context, *scope.Scope) error { runtime.Goexit(); return nil }, 0},
		"cancel": {func(ctx context.Context, s *scope.Scope) error {
			s.Cancel(failed)
			return nil // although the body does not mind
		}, 0},
		"failing task": {func(_ context.Context, s *scope.Scope) error {
			s.Go("check", func(context.Context) error { return failed })
			return nil
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			db := testDatabase(t)
			var counted tally
			atEnd(func() {
				scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					insertIn(t, ctx, s, db, &counted)
					return test.end(ctx, s)
				})
			})
			if rows := count(t, db, `SELECT COUNT(*) FROM orders`); rows != test.rows {
				t.Errorf("%d rows, want %d", rows, test.rows)
			}
			if events := count(t, db, `SELECT COUNT(*) FROM outbox`); events != test.rows {
				t.Errorf("%d events, want %d", events, test.rows)
			}
			if b, c, r := counted.begun.Load(), counted.committed.Load(), counted.rolledBack.Load(); b != 1 || c != int64(test.rows) || r != 1-c {
				t.Errorf("%d begun, %d committed, %d rolled back", b, c, r)
			}
		})
	}
}

func TestTransactionRollsBackWhenItsCallerGoes(t *testing.T) {
	db := testDatabase(t)
	ctx, hangUp := context.WithCancel(t.Context())
	scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		insertIn(t, ctx, s, db, new(tally))
		hangUp()
		return nil
	})
	if rows := count(t, db, `SELECT COUNT(*) FROM orders`); rows != 0 {
		t.Errorf("%d rows of a client that hung up", rows)
	}
}

// A statement that is interrupted ends its transaction. The drop then finds none
// to roll back: that is no error, and the connection serves the next.
func TestTransactionThatSQLiteRolledBack(t *testing.T) {
	db := testDatabase(t)
	var counted tally
	failed := errors.New("interrupted")
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		insertIn(t, ctx, s, db, &counted)
		tx, err := begin(ctx, s, testDatabase(t), &counted, func() { t.Error("committed") })
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `ROLLBACK`); err != nil {
			return err
		}
		return failed
	})
	if err != failed {
		t.Errorf("%v, want %v alone", err, failed)
	}
	if b, r := counted.begun.Load(), counted.rolledBack.Load(); b != 2 || r != 2 {
		t.Errorf("%d begun, %d rolled back, want 2 of each", b, r)
	}
	take(t, db, 1, 1)
}

func insertIn(t *testing.T, ctx context.Context, s *scope.Scope, db *sql.DB, counted *tally) {
	tx, err := begin(ctx, s, db, counted, func() {})
	if err == nil {
		_, err = insertOrder(ctx, tx, orderNo(1))
	}
	if err != nil {
		t.Error(err)
	}
}

// atEnd calls f where it may panic or end its goroutine.
func atEnd(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { recover() }()
		f()
	}()
	<-done
}
