package scope_test

import (
	"context"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// operations are all that an actor can do. Some stand there twice: without enough
// guards the others have nothing to work on.
func operations() []func(*actor) {
	return []func(*actor){
		(*actor).acquire, (*actor).acquire, (*actor).acquire, (*actor).acquire,
		(*actor).register, (*actor).defers, (*actor).lazy, (*actor).acquireAll,
		(*actor).task, (*actor).task, (*actor).tryTask, (*actor).async, (*actor).all, (*actor).race,
		(*actor).daemon, (*actor).start,
		(*actor).child, (*actor).child, (*actor).nested, (*actor).nestedBeside,
		(*actor).cancel, (*actor).stop, (*actor).look,
		(*actor).use, (*actor).borrow, (*actor).depend,
		(*actor).drop, (*actor).drop, (*actor).dropTree, (*actor).release, (*actor).move,
	}
}

// try calls f and hears what it returns, or panics with: a use after the end, a
// cycle, or a fault of the program that has come through.
func (a *actor) try(what string, f func() error) (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			if _, is := p.(error); !is {
				panic(p)
			}
			a.m.hearPanic(p)
			a.m.note("%s: %s panics: %v", a.s.Path(), what, p)
		}
	}()
	a.m.note("%s: %s ...", a.s.Path(), what)
	err := f()
	a.m.hear(err)
	a.m.note("%s: %s: %v", a.s.Path(), what, err)
	return err == nil
}

// edges returns random options of a guard, and what it comes to depend on.
func (a *actor) edges() (opts []scope.GuardOption, on []held) {
	if a.chance(3) {
		if h, ok := a.handle(); ok {
			opts, on = append(opts, scope.DependsOn(h.Handle)), append(on, h)
		}
	}
	if a.chance(8) {
		opts = append(opts, scope.DropTimeout(time.Duration(1+a.r.IntN(3000))*time.Millisecond))
		a.m.limit(a.rec)
	}
	return opts, on
}

// opening makes an open function for th, whose call is o. What it uses is added to on.
func (a *actor) opening(th *thing, where string, on *[]held, o *attempt) func(ctx context.Context) (*thing, error) {
	return func(ctx context.Context) (v *thing, err error) {
		b := a.fork(ctx)
		b.used, b.in = on, o
		defer func() { a.m.attempted(o, v != nil) }()
		if b.depth < 6 {
			for range b.r.IntN(3) {
				if b.m.step() {
					[]func(*actor){(*actor).use, (*actor).acquire, (*actor).register, (*actor).drop}[b.r.IntN(4)](b)
				}
			}
		}
		b.pause()
		if err := b.fails(8, where); err != nil {
			return nil, err
		}
		b.m.mu.Lock()
		th.opened = true
		b.m.mu.Unlock()
		return th, nil
	}
}

// dropping makes a drop function for th; handed says that the thing is handed over
// without a context, so that ebb cannot know who waits for a drop that comes at once.
func (a *actor) dropping(th *thing, handed bool) func(ctx context.Context, th *thing) error {
	r := a.fork(nil)
	r.hidden = handed
	return func(ctx context.Context, _ *thing) error {
		a.m.begin(ctx, th)
		defer a.m.end(th)
		b := r.fork(ctx)
		if b.chance(12) {
			b.hangs()
		}
		if b.depth < 6 && b.chance(4) {
			b.play()
		}
		b.pause()
		return b.fails(6, "drop", th.name)
	}
}

func (a *actor) acquire() {
	th := a.m.open("guard")
	opts, on := a.edges()
	var h *scope.Handle[*thing]
	th.by = a.in
	ok := a.try("acquire "+th.name, func() (err error) {
		h, err = scope.Acquire(a.ctx, a.s, "guard", a.opening(th, "open", &on, &attempt{around: a.in}), a.dropping(th, false), opts...)
		return err
	})
	a.keep(ok, h, th, on)
}

// keep tells the model of a guard that was acquired or registered.
func (a *actor) keep(ok bool, h *scope.Handle[*thing], th *thing, on []held) {
	if !ok {
		return
	}
	it := held{h, a.s, th}
	a.uses(it)
	a.m.keep(it, th, a.s, on, a.above)
}

func (a *actor) register() {
	th := a.m.open("registered")
	opts, on := a.edges()
	drop := a.dropping(th, true)
	g := guard.New(th, drop)
	var h *scope.Handle[*thing]
	th.by = a.in
	ok := a.try("register "+th.name, func() (err error) {
		h, err = scope.Register(a.s, "registered", g, opts...)
		return err
	})
	if !ok && !g.Dropped() { // a mistake in the call: it has stayed ours
		_, _ = g.Release()
		return
	}
	th.opened = true
	if ok {
		a.m.keep(held{h, a.s, th}, th, a.s, on, a.above) // takes no ctx: no edge to it
	}
}

func (a *actor) defers() {
	th := a.m.open("defer")
	opts, on := a.edges()
	drop := a.dropping(th, true)
	ok := a.try("defers "+th.name, func() error {
		_, err := scope.Defer(a.s, "defer", func(ctx context.Context) error { return drop(ctx, th) }, opts...)
		return err
	})
	if ok {
		a.m.keep(held{}, th, a.s, on, a.above)
	}
}

func (a *actor) acquireAll() {
	x, y := a.fork(nil), a.fork(nil) // before: its random numbers are for one goroutine
	part := func(b *actor, n int) func(ctx context.Context) error {
		return func(ctx context.Context) error {
			b.ctx, b.used = ctx, a.used
			b.acquire()
			return b.fails(n, "open")
		}
	}
	a.try("acquireAll", func() error { return scope.AcquireAll(a.ctx, a.s, part(x, 6), part(y, 1000)) })
}

func (a *actor) lazy() {
	var on []held
	th := a.m.open("lazy")
	opened, all := false, &attempt{around: a.in} // a failure gives up what those before have acquired too
	lazy := scope.Lazy(a.s, "lazy", func(ctx context.Context) (*thing, error) {
		if opened {
			a.m.attempted(all, false)
			return nil, a.m.inject("lazy") // one that failed is tried again
		}
		v, err := a.opening(th, "lazy", &on, all)(ctx)
		opened = err == nil
		return v, err
	}, a.dropping(th, false))
	for range 1 + a.r.IntN(2) {
		ctx, cancel := a.wait()
		a.try("lazy", func() error { _, err := lazy.Use(ctx); return err })
		cancel()
	}
	if a.chance(3) {
		ctx, cancel := a.wait()
		a.try("lazy", func() error { return lazy.Drop(ctx) })
		cancel()
	}
}

func (a *actor) use() {
	h, ok := a.handle()
	if !ok {
		return
	}
	used := a.try("use "+h.Name(), func() error { h.Use(a.ctx); return nil })
	if used && a.mayUse(h) {
		a.uses(h)
	}
}

// uses takes note of what an open function has used or acquired.
func (a *actor) uses(h held) {
	a.m.mu.Lock()
	defer a.m.mu.Unlock()
	if a.used != nil {
		*a.used = append(*a.used, h)
	}
}

// mayUse reports whether h is of the actor's scope or of one around it.
func (a *actor) mayUse(h held) bool {
	a.m.mu.Lock()
	defer a.m.mu.Unlock()
	return a.rec.below(a.m.runs[h.s])
}

func (a *actor) borrow() {
	h, ok := a.handle()
	if !ok {
		return
	}
	a.try("borrow "+h.Name(), func() error {
		return h.Borrow(a.ctx, func(ctx context.Context, v *thing) error {
			b := a.fork(ctx)
			a.m.mu.Lock()
			v.lent = true
			a.m.mu.Unlock()
			b.pause()
			a.m.mu.Lock()
			if v.ended || v.handed {
				a.m.errorf("%s is borrowed after its end", v.name)
			}
			a.m.mu.Unlock()
			if b.chance(5) {
				defer b.asks(ctx, &h.th.asked)()
				b.try("drop "+h.Name(), func() error { return h.Drop(ctx) })
			}
			return b.fails(8, "borrow")
		})
	})
}

func (a *actor) depend() {
	x, ok := a.handle()
	y, _ := a.handle()
	if !ok {
		return
	}
	if a.try("depend", func() error { return x.s.Depend(x.Handle, y.Handle) }) {
		a.try("depend", func() error {
			return x.Borrow(context.Background(), func(_ context.Context, v *thing) error {
				a.m.keep(held{}, v, x.s, []held{y}, nil)
				return nil
			})
		})
	}
}

// asks counts a call that has not returned. What its caller no longer waits for
// goes on.
func (a *actor) asks(ctx context.Context, n *int) (returned func()) {
	add := func(d int) {
		a.m.mu.Lock()
		defer a.m.mu.Unlock()
		*n += d
	}
	add(+1)
	return func() {
		if ctx.Err() == nil {
			add(-1)
		}
	}
}

func (a *actor) drop() {
	if h, ok := a.handle(); ok {
		ctx, cancel := a.wait()
		defer cancel() // after the count
		defer a.asks(ctx, &h.th.asked)()
		a.try("drop "+h.Name(), func() error { return h.Drop(ctx) })
	}
}

func (a *actor) dropTree() {
	if h, ok := a.handle(); ok {
		ctx, cancel := a.wait()
		defer cancel() // after the count
		defer a.asks(ctx, &a.m.trees)()
		a.try("dropTree "+h.Name(), func() error { return h.DropTree(ctx) })
	}
}

func (a *actor) release() {
	h, ok := a.handle()
	if !ok {
		return
	}
	a.try("release "+h.Name(), func() error {
		th, err := h.Release()
		if err == nil {
			a.m.mu.Lock()
			th.handed = true
			a.m.mu.Unlock()
		}
		return err
	})
}

// move moves a guard to the actor's own scope.
func (a *actor) move() {
	h, ok := a.handle()
	if !ok {
		return
	}
	for _, th := range firm([]held{h}) {
		a.m.mu.Lock()
		th.above = nil // those edges are of the child that it may be about to leave
		a.m.mu.Unlock()
	}
	a.try("move "+h.Name(), func() error {
		to, err := h.MoveTo(a.s)
		if err == nil {
			a.m.mu.Lock()
			if a.m.limitedLocked() {
				a.m.leftLocked(h.th)
			}
			_ = to.Borrow(context.Background(), func(_ context.Context, v *thing) error { v.in = a.s; return nil })
			a.m.handles = append(a.m.handles, held{to, a.s, h.th})
			a.m.mu.Unlock()
		}
		return err
	})
}
