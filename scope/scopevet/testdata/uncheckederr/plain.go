// Package uncheckederr looks at no error.
package uncheckederr

import (
	"context"
	"net/http"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

type DB struct{}

func (*DB) Close() error { return nil }

func openDB(context.Context) (*DB, error) { return &DB{}, nil }

func work(context.Context) error { return nil }

func body(ctx context.Context, s *scope.Scope) error { return nil }

func mistakeRun(ctx context.Context) {
	scope.Run(ctx, body) // want `the error of scope.Run is not looked at: it says what went wrong in its tasks and drops`
}

func mistakeRunBlank(ctx context.Context) {
	_ = scope.Run(ctx, body) // want `the error of scope.Run is thrown away`
}

func mistakeRunGo(ctx context.Context) {
	go scope.Run(ctx, body) // want `the error of scope.Run is lost in a go statement`
}

func mistakeRunDefer(ctx context.Context) {
	defer scope.Run(ctx, body) // want `the error of scope.Run is lost in a defer statement`
}

func mistakeRunValue(ctx context.Context) int {
	n, _ := scope.RunValue(ctx, func(ctx context.Context, s *scope.Scope) (int, error) { // want `scope.RunValue is thrown away`
		return 1, nil
	})
	return n
}

func mistakeAcquire(ctx context.Context, s *scope.Scope) *DB {
	db, _ := scope.Acquire(ctx, s, "db", openDB, guard.Close) // want `the error of scope.Acquire is thrown away: it says whether there is a handle`
	return db.Value()
}

func mistakeAcquireOnly(ctx context.Context, s *scope.Scope) {
	scope.Acquire(ctx, s, "db", openDB, guard.Close) // want `scope.Acquire is not looked at`
}

func mistakeAcquireVar(ctx context.Context, s *scope.Scope) *DB {
	var db, _ = scope.Acquire(ctx, s, "db", openDB, guard.Close) // want `scope.Acquire is thrown away`
	return db.Value()
}

func mistakeInstance(ctx context.Context, s *scope.Scope) {
	_, _ = scope.Acquire[*DB](ctx, s, "db", openDB, guard.Close) // want `scope.Acquire is thrown away`
}

func mistakeAcquireAll(ctx context.Context, s *scope.Scope) {
	scope.AcquireAll(ctx, s, work, work) // want `scope.AcquireAll is not looked at`
}

func mistakeDaemon(s *scope.Scope) {
	s.Daemon("worker", work) // want `the error of scope.Scope.Daemon is not looked at: it says whether it is running`
}

func mistakeDaemonBlank(s *scope.Scope) *scope.Daemon {
	d, _ := s.Daemon("worker", work) // want `scope.Scope.Daemon is thrown away`
	return d
}

func mistakeRegister(s *scope.Scope) {
	scope.Register(s, "db", guard.New(&DB{}, guard.Close)) // want `scope.Register is not looked at`
}

func mistakeDefer(s *scope.Scope) {
	scope.Defer(s, "work", work) // want `scope.Defer is not looked at`
}

func mistakeStart(ctx context.Context, s *scope.Scope) int {
	port, _, _ := scope.Start(ctx, s, "server", func(ctx context.Context, ready func(int)) error { // want `scope.Start is thrown away`
		ready(1)
		return nil
	})
	return port
}

func mistakeServe(ctx context.Context, s *scope.Scope) {
	scope.Serve(ctx, s, "server", func() error { return nil }, work) // want `scope.Serve is not looked at`
}

func mistakeServeHTTP(ctx context.Context, s *scope.Scope) {
	scopehttp.Serve(ctx, s, "http", &http.Server{}) // want `scopehttp.Serve is not looked at`
}

func mistakeChild(s *scope.Scope) *scope.Scope {
	child, _ := s.Child("session") // want `scope.Scope.Child is thrown away: it says whether there is a child`
	return child
}

func mistakeSubmit(ctx context.Context, s *scope.Scope) {
	s.Submit(ctx, "work", work) // want `scope.Scope.Submit is not looked at`
}
