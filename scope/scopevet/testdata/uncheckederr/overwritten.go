package uncheckederr

import (
	"context"
	"errors"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

func mistakeOverwritten(ctx context.Context, s *scope.Scope) (*DB, error) {
	db, err := scope.Acquire(ctx, s, "db", openDB, guard.Close) // want `scope.Acquire is not looked at`
	_, err = s.Daemon("worker", work)
	if err != nil {
		return nil, err
	}
	return db.Value(), nil
}

func mistakeReturnsNil(ctx context.Context, s *scope.Scope) error {
	_, err := s.Daemon("first", work)
	if err != nil {
		return err
	}
	_, err = s.Daemon("second", work) // want `scope.Scope.Daemon is not looked at`
	return nil
}

func mistakeInBranch(ctx context.Context, s *scope.Scope, second bool) (err error) {
	if second {
		_, err = s.Daemon("second", work) // want `scope.Scope.Daemon is not looked at`
	}
	err = work(ctx)
	return err
}

func mistakeInLoop(ctx context.Context, s *scope.Scope) error {
	var err error
	for range 3 {
		err = scope.Run(ctx, body) // want `scope.Run is not looked at`
		err = work(ctx)
		if err != nil {
			return err
		}
	}
	return err
}

// A literal that is called may read the variable, so that every call is taken for
// one that does.
func mistakeCaptured(ctx context.Context, s *scope.Scope) error {
	var err error
	log := func() { println(err) }
	_, err = s.Daemon("first", work)
	_, err = s.Daemon("second", work)
	log()
	return nil
}

// What a wrapper does with the error is the wrapper's.
func wrapped(ctx context.Context, s *scope.Scope) {
	quiet(s.Daemon("first", work))
}

func quiet(*scope.Daemon, error) {}

func good(ctx context.Context, s *scope.Scope) (err error) {
	db, err := scope.Acquire(ctx, s, "db", openDB, guard.Close)
	if err != nil {
		return err
	}
	if _, err := s.Daemon("worker", work); errors.Is(err, scope.ErrClosed) {
		return err
	}
	_, err1 := s.Daemon("first", work)
	_, err2 := s.Daemon("second", work)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	defer func() { println(err) }()
	err = scope.Run(ctx, body)
	defer db.Drop(ctx)
	for {
		if err = scope.Run(ctx, body); err == nil {
			break
		}
	}
	must(scope.Acquire(ctx, s, "db", openDB, guard.Close))
	errs := make(chan error, 1)
	errs <- scope.Run(ctx, body)
	go func() { errs <- scope.Run(ctx, body) }()
	s.Close(ctx) // as that of a file
	var last error
	if last = s.TryGo("task", work); last != nil {
		s.Go("task", work)
	}
	//scopevet:ignore uncheckederr
	scope.Run(ctx, body)
	return last
}

// The second call's error says what the first's would have.
func named(ctx context.Context, s *scope.Scope) (err error) {
	_, err = s.Daemon("worker", work)
	return
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
