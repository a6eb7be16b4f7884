package scope_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/ebb-go/ebb/scope"
)

// An orderWait is a program in which a wait is one for itself, or is none, only by the
// order in which a run of drops comes to its nodes. It calls heard with the error of
// every wait.
type orderWait struct {
	name    string
	opts    []scope.Option
	refused int
	run     func(ctx context.Context, s *scope.Scope, heard func(error) error)
}

// taken is a daemon that drops a guard by a DropTree which the teardown takes over: its
// dependent is still being dropped then. By waves, and one by one, the guard comes after
// the daemon, which nothing said before.
func taken(refused int, schedule scope.Schedule) orderWait {
	return orderWait{"a tree that the teardown takes over, " + schedule.String(), []scope.Option{scope.WithSchedule(schedule)}, refused,
		func(ctx context.Context, s *scope.Scope, heard func(error) error) {
			end := make(chan struct{})
			db := must(scope.Defer(s, "db", nothing))
			_ = must(scope.Defer(s, "api", func(context.Context) error { <-end; return nil }, scope.DependsOn(db)))
			_ = must(s.Daemon("d", func(ctx context.Context) error {
				_ = heard(db.DropTree(context.WithoutCancel(ctx)))
				return nil
			}, scope.DependsOn()))
			synctest.Wait()
			go func() { synctest.Wait(); close(end) }() // the teardown has begun by then
		}}
}

// limited is as many drops as a drop limit lets run, which all wait for one more.
func limited(n int, schedule scope.Schedule) orderWait {
	return orderWait{fmt.Sprintf("all %d places of a drop limit wait, %v", n, schedule), []scope.Option{scope.WithDropLimit(n), scope.WithSchedule(schedule)}, 1,
		func(ctx context.Context, s *scope.Scope, heard func(error) error) {
			met := meet(n)
			var last *scope.Handle[struct{}]
			for range n {
				_ = must(scope.Defer(s, "g", func(ctx context.Context) error { met(); return heard(last.Drop(ctx)) }))
			}
			last = must(scope.Defer(s, "last", nothing))
		}}
}

// placed is a daemon that waits for a drop, and then takes the only place of a drop
// limit: by an early run too, if tree.
func placed(tree bool) orderWait {
	return orderWait{fmt.Sprintf("a daemon takes the last place, tree %v", tree), []scope.Option{scope.WithDropLimit(1), scope.WithSchedule(scope.Eager)}, 1,
		func(ctx context.Context, s *scope.Scope, heard func(error) error) {
			ask, end := make(chan struct{}), make(chan struct{})
			db := must(scope.Defer(s, "db", nothing))
			_ = must(scope.Defer(s, "first", func(context.Context) error { close(ask); <-end; return nil }, scope.DependsOn(db)))
			var last *scope.Handle[struct{}]
			_ = must(s.Daemon("d", func(ctx context.Context) error {
				<-ask
				_ = heard(last.Drop(context.WithoutCancel(ctx)))
				return nil
			}, scope.DependsOn(db)))
			last = must(scope.Defer(s, "last", nothing, scope.DependsOn(db)))
			go func() { <-ask; synctest.Wait(); close(end) }()
			if tree {
				_ = db.DropTree(ctx)
			}
		}}
}

var orderWaits = []orderWait{
	taken(1, scope.Waves), taken(1, scope.Sequential), taken(0, scope.Eager),
	limited(1, scope.Waves), limited(1, scope.Eager), limited(2, scope.Waves), limited(3, scope.Eager),
	placed(false), placed(true),
	{"one place is left", []scope.Option{scope.WithDropLimit(2)}, 0, func(ctx context.Context, s *scope.Scope, heard func(error) error) {
		var last *scope.Handle[struct{}]
		_ = must(scope.Defer(s, "a", func(ctx context.Context) error { return heard(last.Drop(ctx)) }))
		_ = must(scope.Defer(s, "b", nothing))
		last = must(scope.Defer(s, "last", nothing))
	}},
	{"a task holds one of two places for the other", []scope.Option{scope.WithDropLimit(2)}, 1, func(ctx context.Context, s *scope.Scope, heard func(error) error) {
		met := meet(2)
		var last *scope.Handle[struct{}]
		var work *scope.Task[int]
		_ = must(scope.Defer(s, "a", func(ctx context.Context) error {
			return scope.Run(ctx, func(ctx context.Context, in *scope.Scope) error {
				work = scope.Async(in, "work", func(ctx context.Context) (int, error) { met(); return 1, heard(last.Drop(ctx)) })
				return nil
			})
		}))
		_ = must(scope.Defer(s, "b", func(ctx context.Context) error {
			met()
			synctest.Wait()
			_, err := work.Await(ctx)
			return heard(err)
		}))
		last = must(scope.Defer(s, "last", nothing))
	}},
	{"a tree waits for a part of another, in which the waiter comes first", nil, 1, func(ctx context.Context, s *scope.Scope, heard func(error) error) {
		ready := make(chan struct{})
		low := must(scope.Defer(s, "low", nothing))
		db := must(scope.Defer(s, "db", nothing))
		part := must(scope.Defer(s, "part", nothing, scope.DependsOn(low, db)))
		_ = must(scope.Defer(s, "user", nothing, scope.DependsOn(part)))
		atOnce := false
		_ = must(scope.Defer(s, "waiter", func(ctx context.Context) error {
			<-ready
			err := heard(db.DropTree(ctx))
			atOnce = true
			return err
		}, scope.DependsOn(low)))
		go func() { _ = low.DropTree(context.Background()) }()
		synctest.Wait()
		go func() { _ = db.DropTree(context.Background()) }()
		synctest.Wait()
		close(ready)
		synctest.Wait()
		if !atOnce {
			_ = heard(errors.New("only the teardown has refused it"))
		}
	}},
	{"a tree waits for a part of another, for which one of its own waits", nil, 0, func(ctx context.Context, s *scope.Scope, heard func(error) error) {
		ready := make(chan struct{})
		db := must(scope.Defer(s, "db", nothing))
		part := must(scope.Defer(s, "part", nothing, scope.DependsOn(db)))
		_ = must(scope.Defer(s, "user", func(context.Context) error { <-ready; return nil }, scope.DependsOn(part)))
		_ = must(scope.Defer(s, "waiter", func(ctx context.Context) error { return heard(part.Drop(ctx)) }, scope.DependsOn(db)))
		go func() { _ = part.DropTree(context.Background()) }()
		synctest.Wait()
		go func() { _ = db.DropTree(context.Background()) }()
		synctest.Wait()
		close(ready)
		synctest.Wait()
	}},
}

// TestOrderWaits: a wait that the order of the drops makes one for itself is refused,
// when it begins or as soon as there is that order, and no other is.
func TestOrderWaits(t *testing.T) {
	for _, c := range orderWaits {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				heard, count := 0, 0
				err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					c.run(ctx, s, func(err error) error {
						mu.Lock()
						defer mu.Unlock()
						heard++
						if errors.Is(err, scope.ErrReentrant) {
							count++
						} else if err != nil {
							t.Error(err)
						}
						return nil
					})
					return nil
				}, c.opts...)
				if err != nil || heard == 0 || count != c.refused {
					t.Errorf("refused %d of %d, %v", count, heard, err)
				}
			})
		})
	}
}
