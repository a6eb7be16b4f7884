package scope_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// working makes the function of a task, or of another that may fail.
func (a *actor) working(where string) func(ctx context.Context) error {
	r, rec := a.fork(nil), a.rec
	r.hidden = false
	return func(ctx context.Context) error {
		a.m.taskRuns(rec, +1)
		defer a.m.taskRuns(rec, -1)
		b := r.fork(ctx)
		if b.chance(25) && rec.grace > 0 {
			b.hangs()
		}
		if b.depth < 6 {
			b.play()
		}
		b.pause()
		if err := b.fails(8, where); err != nil {
			return err
		}
		if b.chance(5) {
			return context.Cause(ctx)
		}
		return nil
	}
}

func (a *actor) task() { a.s.Go("task", a.working("task")) }

func (a *actor) tryTask() {
	a.try("tryTask", func() error { return a.s.TryGo("try", a.working("task")) })
}

func (a *actor) async() {
	work := a.working("task")
	t := scope.Async(a.s, "async", func(ctx context.Context) (int, error) { return 1, work(ctx) })
	if a.chance(2) {
		ctx, cancel := a.wait()
		defer cancel()
		a.try("async", func() error { _, err := t.Await(ctx); return err })
	}
}

// part is one function of All or Race: nothing of a scope, so that it may panic and
// fail as it likes.
func (a *actor) part(where string) func(ctx context.Context) (int, error) {
	r := a.fork(nil)
	return func(ctx context.Context) (int, error) {
		b := r.fork(ctx)
		b.pause()
		return 1, b.fails(4, where)
	}
}

func (a *actor) all() {
	a.try("all", func() error {
		_, err := scope.All(a.ctx, a.part("all"), a.part("all"))
		return err
	})
}

func (a *actor) race() {
	a.try("race", func() error {
		_, err := scope.Race(a.ctx, a.part("race"), a.part("race"))
		return err
	})
}

// serving makes the function of a daemon: it plays, then waits to be asked.
func (a *actor) serving(th *thing, graceful bool) func(ctx context.Context) error {
	r := a.fork(nil)
	r.hidden = false
	return func(ctx context.Context) error {
		a.m.mu.Lock()
		th.dropCtx = ctx
		a.m.mu.Unlock()
		defer a.m.end(th)
		b := r.fork(ctx)
		if b.depth < 6 && b.chance(2) {
			b.play()
		}
		if !b.chance(4) {
			if graceful || b.chance(2) { // nothing but a limit would cancel a graceful one
				<-scope.Stopping(ctx)
			} else {
				<-ctx.Done()
			}
		}
		b.pause()
		if err := b.fails(8, "daemon"); err != nil {
			return err
		}
		return context.Cause(ctx)
	}
}

// daemonOptions are those of a daemon, and what it depends on.
func (a *actor) daemonOptions() (opts []scope.GuardOption, on []held, graceful bool) {
	opts, on = a.edges()
	if len(on) == 0 {
		on = a.m.heldBy(a.s)
	}
	if a.chance(3) {
		opts, graceful = append(opts, scope.Graceful()), true
	}
	return opts, on, graceful
}

func (a *actor) daemon() {
	opts, on, graceful := a.daemonOptions()
	th := a.m.open("daemon")
	th.daemon = true
	if a.try("daemon "+th.name, func() error { _, err := a.s.Daemon("daemon", a.serving(th, graceful), opts...); return err }) {
		a.m.keep(held{}, th, a.s, on, a.above)
	}
}

func (a *actor) start() {
	opts, on, graceful := a.daemonOptions()
	th := a.m.open("started")
	th.daemon = true
	serve := a.serving(th, graceful)
	late := a.chance(5) // never ready: then the caller has to have enough some time
	ctx, cancel := context.WithTimeout(a.ctx, time.Duration(a.r.IntN(2000))*time.Millisecond)
	defer cancel()
	if !late {
		ctx = a.ctx
	}
	if a.try("start "+th.name, func() error {
		_, _, err := scope.Start(ctx, a.s, "started", func(ctx context.Context, ready func(int)) error {
			if !late {
				ready(1)
			}
			return serve(ctx)
		}, opts...)
		return err
	}) {
		a.m.keep(held{}, th, a.s, on, a.above)
	}
}

// child opens a child, plays in it, and closes it or leaves it to its parent.
func (a *actor) child() {
	if a.depth > 5 {
		return
	}
	rec, opts := a.options()
	on := append(a.m.heldBy(a.s), a.above...)
	var c *scope.Scope
	if !a.try("child", func() (err error) { c, err = a.s.Child("child", opts...); return err }) {
		return
	}
	a.m.enter(c, rec)
	b := a.fork(c.Context())
	b.s, b.rec, b.above, b.hidden = c, rec, slices.Clone(on), true
	b.play()
	if a.chance(3) {
		return
	}
	ctx, cancel := a.wait()
	defer cancel()
	if _, ok := ctx.Deadline(); ok {
		a.m.limit(rec) // it shortens the grace
	}
	a.try("close", func() error { return c.Close(ctx) })
}

func (a *actor) nested() {
	if a.depth > 5 {
		return
	}
	b := a.fork(a.ctx)
	done := make(chan struct{})
	go func() { // which a drop that calls Goexit may end
		defer close(done)
		b.run()
	}()
	<-done
}

// nestedBeside is nested on a goroutine of which ebb does not know.
func (a *actor) nestedBeside() {
	if a.depth > 5 {
		return
	}
	b := a.fork(a.ctx)
	a.m.free.Add(1)
	go func() {
		defer a.m.free.Done()
		b.pause()
		b.run()
	}()
}

func (a *actor) cancel() {
	if a.chance(3) {
		a.s.Cancel(errors.New("canceled by the program"))
	}
}

func (a *actor) stop() {
	if a.chance(3) {
		a.s.Stop(nil)
	}
}

// look asks for what can be seen.
func (a *actor) look() {
	_, _ = a.s.Snapshot().MarshalJSON()
	_ = a.s.Plan()
}
