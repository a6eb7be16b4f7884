// Package scopeescape lets out what belongs to a scope.
package scopeescape

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

type DB struct{}

func (*DB) Close() error { return nil }

func openDB(context.Context) (*DB, error) { return &DB{}, nil }

type service struct {
	ctx   context.Context
	scope *scope.Scope
	db    *scope.Handle[*DB]
	all   map[string]*scope.Scope
}

var (
	global   *scope.Scope
	globalDB *scope.Handle[*DB]
	current  atomic.Pointer[scope.Scope]
	holder   service
)

func mistakeHandle(ctx context.Context) *DB {
	var db *scope.Handle[*DB]
	err := scope.Run(ctx, func(ctx context.Context, s *scope.Scope) (err error) {
		db, err = scope.Acquire(ctx, s, "db", openDB, guard.Close) // want `a handle is kept in db, a variable from outside, when Run has returned`
		return err
	})
	if err != nil {
		return nil
	}
	return db.Value()
}

func mistakeScope(ctx context.Context) {
	var leaked *scope.Scope
	check(scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		leaked = s // want `scope s is kept in leaked, a variable from outside`
		return nil
	}))
	leaked.Go("late", func(context.Context) error { return nil })
}

func mistakeContext(ctx context.Context) context.Context {
	var inner context.Context
	check(scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		inner = ctx // want `the context ctx is kept in inner`
		return nil
	}))
	return inner
}

func mistakeDerived(ctx context.Context) error {
	outer := ctx
	check(scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		outer = short // want `the context short is kept in outer`
		return nil
	}))
	return outer.Err()
}

func mistakeGlobal(ctx context.Context) {
	check(scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		global = s // want `scope s is kept in global, a variable of the program`
		return nil
	}))
}

func mistakeGlobalHandle(ctx context.Context) {
	check(scope.Run(ctx, func(ctx context.Context, s *scope.Scope) (err error) {
		globalDB, err = scope.Acquire(ctx, s, "db", openDB, guard.Close) // want `a handle is kept in globalDB`
		return err
	}))
}

func mistakeGlobalField(ctx context.Context) {
	check(scope.Run(ctx, func(ctx context.Context, s *scope.Scope) (err error) {
		db, err := scope.Acquire(ctx, s, "db", openDB, guard.Close)
		holder.db = db // want `handle db is kept in holder.db`
		return err
	}))
}

func (v *service) mistakeField(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		v.scope = s // want `scope s is kept in v.scope, which comes from outside`
		return nil
	})
}

func (v *service) mistakeFieldContext(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		v.ctx = ctx // want `the context ctx is kept in v.ctx`
		return nil
	})
}

func (v *service) mistakeBody(ctx context.Context, s *scope.Scope) (err error) {
	v.db, err = scope.Acquire(ctx, s, "db", openDB, guard.Close) // want `a handle is kept in v.db, which comes from outside`
	return err
}

func (v *service) run(ctx context.Context) error { return scope.Run(ctx, v.mistakeBody) }

func mistakeMap(ctx context.Context, scopes map[string]*scope.Scope) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		scopes["main"] = s // want `scope s is kept in scopes\["main"\]`
		return nil
	})
}

func mistakeChild(ctx context.Context, v *service) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		child, err := s.Child("session")
		if err != nil {
			return err
		}
		v.all["session"] = child // want `scope child is kept in v.all\["session"\]`
		return nil
	})
}

func mistakeAppend(ctx context.Context) int {
	var handles []*scope.Handle[*DB]
	check(scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		db, err := scope.Acquire(ctx, s, "db", openDB, guard.Close)
		handles = append(handles, db) // want `handle db is kept in handles`
		return err
	}))
	return len(handles)
}

func mistakeStruct(ctx context.Context) *service {
	var v *service
	check(scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		v = &service{ctx: ctx} // want `the context ctx is kept in v`
		return nil
	}))
	return v
}

func mistakeSend(ctx context.Context, scopes chan *scope.Scope) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		scopes <- s // want `scope s is sent on scopes`
		return nil
	})
}

func mistakeSendContext(ctx context.Context, ctxs chan<- context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		s.Go("task", func(ctx context.Context) error {
			ctxs <- ctx // want `the context ctx is sent on ctxs`
			return nil
		})
		return nil
	})
}

func mistakeReturn(ctx context.Context) (*scope.Handle[*DB], error) {
	return scope.RunValue(ctx, func(ctx context.Context, s *scope.Scope) (*scope.Handle[*DB], error) {
		db, err := scope.Acquire(ctx, s, "db", openDB, guard.Close)
		return db, err // want `handle db is returned from its RunValue`
	})
}

func mistakeReturnCall(ctx context.Context) (*scope.Handle[*DB], error) {
	return scope.RunValue(ctx, func(ctx context.Context, s *scope.Scope) (*scope.Handle[*DB], error) {
		return scope.Acquire(ctx, s, "db", openDB, guard.Close) // want `a handle is returned from its RunValue`
	})
}

func mistakeReturnScope(ctx context.Context) (*service, error) {
	return scope.RunValue(ctx, func(ctx context.Context, s *scope.Scope) (*service, error) {
		return &service{scope: s}, nil // want `scope s is returned from its RunValue`
	})
}

func mistakeAtomic(ctx context.Context) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		current.Store(s) // want `scope s is stored in current`
		return nil
	})
}

func mistakeSyncMap(ctx context.Context, m *sync.Map) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		m.Store("scope", s) // want `scope s is stored in m`
		return nil
	})
}

func mistakeInterface(ctx context.Context) {
	var node scope.Node
	check(scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		d, err := s.Daemon("worker", func(context.Context) error { return nil })
		node = d // want `daemon d is kept in node`
		return err
	}))
	println(node.Name())
}

func mistakeMain() int {
	return scope.Main(func(ctx context.Context, s *scope.Scope) error {
		global = s // want `scope s is kept in global`
		return nil
	})
}

// Functions that keep what they are given are not followed.
func mistakeCall(ctx context.Context, v *service) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		v.keep(s)
		return nil
	})
}

func (v *service) keep(s *scope.Scope) { v.scope = s }

// A literal that has captured the scope is not followed.
func mistakeLiteral(ctx context.Context) {
	var stop func()
	check(scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		stop = func() { s.Cancel(nil) }
		return nil
	}))
	stop()
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
