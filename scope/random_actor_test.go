package scope_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/ebb-go/ebb/internal/budget"
	"github.com/ebb-go/ebb/scope"
)

// An actor is one goroutine of a random program: it stands in the body, a task, a
// daemon, an open function or a drop function, and does a few random things there.
type actor struct {
	m     *model
	r     *rand.Rand
	ctx   context.Context
	s     *scope.Scope // the scope it stands in; nil at the root
	rec   *runRecord   // of s
	depth int

	hidden bool     // its context says nothing of a function that it stands in
	in     *attempt // the open function that it stands in; nil for none
	used   *[]held  // what was used or acquired through ctx, where that makes an edge
	above  []held   // what the children around depend on
}

// fork makes the actor for a function that this one starts.
func (a *actor) fork(ctx context.Context) *actor {
	b := *a
	b.ctx, b.depth = ctx, a.depth+1
	b.r = rand.New(rand.NewPCG(a.r.Uint64(), a.r.Uint64()))
	b.used, b.in = nil, nil
	return &b
}

// chance is true in one of n cases.
func (a *actor) chance(n int) bool { return a.r.IntN(n) == 0 }

// pause sleeps for a while, mostly short: as long as it is told or, in some cases,
// until its context ends.
func (a *actor) pause() {
	d := []time.Duration{0, 0, time.Millisecond, 10 * time.Millisecond, 300 * time.Millisecond, 3 * time.Second, 40 * time.Second}[a.r.IntN(7)]
	if d == 0 {
		return
	}
	if a.chance(4) {
		time.Sleep(d) // knows no context
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-a.ctx.Done():
	}
}

// hangs is for what overruns every limit, and ends all the same.
func (a *actor) hangs() { time.Sleep(time.Hour) }

// wait is a context to wait with: its own, one that ends soon, or one of a
// stranger. A wait for oneself on the first is a deadlock unless ebb sees it, which
// it cannot where the function that waits has the context of another.
func (a *actor) wait() (context.Context, context.CancelFunc) {
	n := a.r.IntN(4)
	if a.hidden && n > 1 {
		n = 1
	}
	switch n {
	case 0:
		return context.WithTimeout(a.ctx, time.Duration(a.r.IntN(2000))*time.Millisecond)
	case 1:
		return context.WithTimeout(context.WithoutCancel(a.ctx), 100*time.Second)
	}
	return context.WithoutCancel(a.ctx), func() {}
}

// handle picks one, of any scope.
func (a *actor) handle() (h held, ok bool) {
	a.m.mu.Lock()
	defer a.m.mu.Unlock()
	n := len(a.m.handles)
	if n == 0 {
		return h, false
	}
	if a.chance(3) {
		return a.m.handles[a.r.IntN(n)], true
	}
	return a.m.handles[n-1-a.r.IntN(min(n, 4))], true // new ones are more likely to be live
}

// fails ends the function of the actor in one of n cases as it should not: it
// returns an error, panics or calls Goexit.
func (a *actor) fails(n int, where string, what ...string) error {
	if !a.chance(n) {
		return nil
	}
	e := a.m.inject(where, what...)
	switch a.r.IntN(6) {
	case 0:
		panic(e)
	case 1:
		if where != "body" && where != "open" && where != "borrow" { // these end the goroutine of the actor around
			e.exempt = true // ErrGoexit stands for it
			runtime.Goexit()
		}
	case 2:
		return fmt.Errorf("wrapped: %w", e)
	case 3:
		return errors.Join(e, context.Canceled)
	}
	return e
}

// play does random things until the actor has enough.
func (a *actor) play() {
	for range 1 + a.r.IntN(6) {
		if !a.m.step() {
			return
		}
		all := operations()
		all[a.r.IntN(len(all))](a)
		if a.chance(3) {
			a.pause()
		}
	}
}

// run is a Run with random options, in whose body an actor plays.
func (a *actor) run() {
	rec, opts := a.options()
	var s *scope.Scope
	defer func() {
		p := recover()
		if p != nil {
			a.m.hearPanic(p)
		}
		a.runEnded(s, rec, p != nil)
	}()
	bodyErr := error(nil)
	err := scope.Run(a.ctx, func(ctx context.Context, in *scope.Scope) error {
		s = in
		a.m.enter(s, rec)
		defer a.m.leave(rec)
		b := a.fork(ctx)
		b.s, b.rec = s, rec
		b.play()
		bodyErr = b.fails(6, "body")
		if bodyErr == nil && a.chance(4) {
			return context.Cause(ctx)
		}
		return bodyErr
	}, opts...)
	a.m.hear(err)
	if s == nil {
		return // refused
	}
	a.m.mu.Lock()
	defer a.m.mu.Unlock()
	if err == nil && rec.badExit != "" {
		a.m.errorf("Run returned nil, but %s", rec.badExit)
	}
}

// runEnded checks what holds once Run has returned or panicked.
func (a *actor) runEnded(s *scope.Scope, rec *runRecord, panicked bool) {
	a.m.mu.Lock()
	defer a.m.mu.Unlock()
	if s == nil {
		return
	}
	if rec.running > 0 && !a.m.limitedLocked() {
		a.m.errorf("Run returned (panicked: %v) while %d tasks of %s were running", panicked, rec.running, s.Path())
	}
	if rec.grace == 0 || rec.canceled.IsZero() || rec.left.IsZero() {
		return // draining is not bounded unless canceled
	}
	end := rec.canceled.Add(rec.grace)
	if late := rec.left.Add(rec.grace / 4); end.Before(late) {
		end = late // the reserve, from the return of the body
	}
	if over := time.Since(end); over > budget.Least { // shared by the drops that find no time left
		a.m.errorf("the exit of %s took %v more than its grace of %v", s.Path(), over, rec.grace)
	}
}

// options are random ones for a scope.
func (a *actor) options() (*runRecord, []scope.Option) {
	rec := &runRecord{around: a.rec}
	var opts []scope.Option
	if a.rec != nil {
		a.m.mu.Lock()
		rec.limited = a.rec.limited
		a.m.mu.Unlock()
	}
	add := func(n int, what string, o func() scope.Option) {
		if a.chance(n) {
			opts = append(opts, o())
			rec.options = append(rec.options, what)
		}
	}
	add(3, "grace", func() scope.Option {
		rec.grace, rec.limited = time.Duration(1+a.r.IntN(10))*time.Second, true
		return scope.WithGrace(rec.grace)
	})
	add(6, "drop timeout", func() scope.Option {
		rec.limited = true
		return scope.WithDropTimeout(time.Duration(1+a.r.IntN(5000)) * time.Millisecond)
	})
	schedule := scope.Schedule(a.r.IntN(3))
	add(2, schedule.String(), func() scope.Option { return scope.WithSchedule(schedule) })
	add(8, "drop limit", func() scope.Option { return scope.WithDropLimit(1 + a.r.IntN(3)) })
	add(8, "supervisor", scope.WithSupervisor)
	add(5, "panic as error", scope.WithPanicAsError)
	opts = append(opts, scope.WithReport(a.m.hearReport), scope.WithLogger(slog.New(a.m)))
	return rec, opts
}
