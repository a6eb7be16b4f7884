package scope

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/ebb-go/ebb/group"
	"github.com/ebb-go/ebb/internal/fault"
)

// Node is something that a scope drops and that others can depend on: a
// [*Handle], a [*LazyHandle], a [*Daemon], or a [*Scope] made by
// [Scope.Child]. The set is sealed.
type Node interface {
	// Name returns the name of the node, unique in its scope.
	Name() string
	node() *item // nil: a scope that is no child
}

// dropper is what an item is the shell of.
type dropper interface {
	// dropNow gives the thing up. It is called once, on a goroutine of
	// package group, and does not panic. It may call Goexit.
	dropNow(ctx context.Context) error
	kind() string // guard, daemon or child
	typ() string  // of the value, for spans and reports; may be empty
}

// itemState is how far the drop of an item is.
type itemState uint32

const (
	pending  itemState = iota // being opened or started; not in the graph
	live                      // left when its drop begins, or it is released or moved
	ending                    // its drop has begun; left when that has ended
	released                  // terminal: its value was handed out, or moved to another scope
	gone                      // terminal: its drop has ended
)

// item is the part that all nodes have in common: its place in the graph of its
// scope, and the one run of its drop, early or in the teardown.
type item struct {
	n    group.Node
	s    *Scope // whose it is; changed by nobody, since MoveTo makes another item
	impl dropper
	drop owner // the context of the drop

	// Written with s.mu held, but by a drop that begins and ends alone.
	state atomic.Uint32

	// Guarded by s.mu.
	numbered bool                     // its name has a number that it was not given
	born     age                      // set when it is registered
	rare     atomic.Pointer[rareItem] // nil: none; a drop that ends alone asks for that without the lock
}

// rareItem is what few items have. (Apart, it makes the guard of a request a
// quarter smaller.) It is guarded by the scope's mu.
type rareItem struct {
	uses   []*item                 // while pending: what was used through its context
	early  *earlyDrop              // the drop that was asked for while the scope lived
	done   chan struct{}           // made by whoever waits for state gone, closed then
	told   error                   // of the drop, from state gone on
	site   string                  // where an early drop or a release was asked for
	record dropRecord              // of its drop, once it begins, if anybody looks
	stop   context.CancelCauseFunc // cancels an early drop that runs
}

func (i *item) is() itemState   { return itemState(i.state.Load()) }
func (i *item) set(s itemState) { i.state.Store(uint32(s)) }

// moreLocked returns what few items have, to be set.
func (i *item) moreLocked() *rareItem {
	r := i.rare.Load()
	if r == nil {
		r = new(rareItem)
		i.rare.Store(r)
	}
	return r
}

// lessLocked returns what few items have, to be read: all zero for most.
func (i *item) lessLocked() rareItem {
	if r := i.rare.Load(); r != nil {
		return *r
	}
	return rareItem{}
}

func itemOf(n *group.Node) *item { return n.Dropper().(*item) }

func (i *item) name() string { return i.n.Name() }

// written is the name as it is written in the code, for the names of spans.
func (i *item) written() string { return i.trim(i.name()) }

// trim takes the number off the unique name of i that it was not given.
func (i *item) trim(name string) string {
	if i.numbered {
		name = name[:strings.LastIndexByte(name, '#')]
	}
	return name
}

// register puts i into the graph of its scope under a name of its own, with
// edges to what cfg names and to what was used while it was opened. It returns
// ErrClosed when the scope no longer accepts anything, and is the only way by
// which something becomes the scope's.
func (i *item) register(name string, cfg *guardConfig, user bool) error {
	own, err := i.s.resolve(cfg.deps)
	if err != nil {
		return err
	}
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	return i.registerLocked(name, own, cfg, user)
}

func (i *item) registerLocked(name string, own []*item, cfg *guardConfig, user bool) error {
	s := i.s
	if s.state >= dropping {
		return ErrClosed
	}
	unique := s.uniqueLocked(name)
	i.numbered = unique != name
	err := i.insertLocked(unique, own, cfg, user)
	if err != nil {
		s.names.free(unique)
	}
	return err
}

// insertLocked is registerLocked under a name that was taken for i.
func (i *item) insertLocked(unique string, own []*item, cfg *guardConfig, user bool) error {
	s := i.s
	if s.state >= dropping {
		return ErrClosed
	}
	deps, err := s.depsLocked(i, own)
	if err != nil {
		return err
	}
	err = s.graph.Insert(&i.n, group.Spec{
		Name:    unique,
		Dropper: i,
		Deps:    deps,
		User:    user,
		All:     user && !cfg.narrowed,
		Hold:    cfg.hold,
		Timeout: cfg.timeout,
	})
	if err != nil {
		return notAccepted(err)
	}
	i.born = s.ageLocked()
	i.set(live)
	if r := i.rare.Load(); r != nil {
		r.uses = nil
	}
	s.limits = s.limits || cfg.timeout > 0
	s.rec.GuardLive(+1)
	return nil
}

// notAccepted translates what the graph refuses with.
func notAccepted(err error) error {
	switch {
	case errors.Is(err, group.ErrClosed):
		return ErrClosed
	case errors.Is(err, group.ErrGone):
		return ErrDropped
	case errors.Is(err, group.ErrForeign):
		return ErrForeign
	}
	return err
}

// Drop is called by the engine of package group, once: a second run that comes to
// i while its early drop is running waits without it. Its frame lies on the stack
// of every drop that blocks, and with it those of group just fit the smallest
// stack; what needs room is done in other functions.
func (i *item) Drop(ctx context.Context) (err error) {
	if !i.begin(ctx) {
		return nil
	}
	err = ErrGoexit // unless it returns or panics
	steps := i.steps()
	defer func() {
		if p := recover(); p != nil {
			err = fault.Panic(p)
		}
		if steps != nil {
			steps.endDrop(err)
		}
		i.ended(err)
	}()
	if steps != nil {
		return steps.callDrop(&i.drop)
	}
	return i.dropNow()
}

// stepwise is a dropper that can do without a frame of its own.
type stepwise interface {
	beginDrop() bool                    // begins the drop if nobody has to be waited for
	callDrop(ctx context.Context) error // is the drop function, and panics if that does
	endDrop(err error)
}

// steps begins a drop that can be called step by step, while nobody looks; else it
// returns nil.
func (i *item) steps() stepwise {
	if i.s.rec != nil || i.s.profiled() {
		return nil
	}
	if steps, ok := i.impl.(stepwise); ok && steps.beginDrop() {
		return steps
	}
	return nil
}

// dropNow is the rest of Drop for all others.
func (i *item) dropNow() error {
	if i.s.rec != nil {
		i.startSpan()
	}
	if i.s.profiled() {
		ctx, stop := i.s.profile(i.drop.Context, "guard", i.name())
		defer stop()
		i.drop.Context = ctx
	}
	return i.impl.dropNow(&i.drop)
}

// earlyContext is the context of an early run. Whether a drop is early is not a
// matter of the moment: that of a DropTree may begin when its scope is dropping
// already.
type earlyContext struct{ context.Context }

type earlyKey struct{}

// Value answers for the run.
func (c earlyContext) Value(key any) any {
	if _, ok := key.(earlyKey); ok {
		return true
	}
	return c.Context.Value(key)
}

// begin marks the drop as begun and makes its context, unless the guard was
// released between the plan of the run and its turn.
//
// In a teardown beside which no early drop runs, and where nothing can be given
// up, nobody else can begin, release or settle it. So it takes no lock, and
// neither does its end: that of a scope is where all workers of a large teardown
// would meet. (They took a third of the time of a teardown of 1,000 guards on two
// processors.)
func (i *item) begin(ctx context.Context) bool {
	s := i.s
	if s.teardownAlone {
		i.drop.way = dropAlone
		i.set(ending)
	} else if !i.beginBeside(&ctx) {
		return false
	}
	i.drop.item = i
	i.drop.begin(ctx, s, dropOwner)
	return true
}

// beginBeside is begin where others can be beside it.
func (i *item) beginBeside(ctx *context.Context) bool {
	s := i.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if i.is() == released {
		return false
	}
	if i.is() != gone { // else it was abandoned before it could begin
		i.set(ending)
	}
	if s.state < dropping || s.incidents != nil && s.incidents.earlies > 0 && (*ctx).Value(earlyKey{}) != nil {
		i.drop.way = dropEarly
		*ctx, i.moreLocked().stop = context.WithCancelCause(*ctx)
	}
	return true
}

// CancelDrop is called by the engine when the teardown has no more time for an
// early drop that is still running.
func (i *item) CancelDrop(cause error) {
	i.s.mu.Lock()
	stop := i.lessLocked().stop
	i.s.mu.Unlock()
	if stop != nil {
		stop(cause)
	}
}

// ended waits for what the drop function has nested, and marks i as gone.
func (i *item) ended(err error) {
	left := i.drop.way == dropAlone && i.drop.live.CompareAndSwap(1, 0)
	if left && err == nil {
		i.set(gone)
		i.s.rec.GuardLive(-1)
		// Either who waits is seen here, or he sees here that it is gone:
		// each side writes first and then looks.
		if i.rare.Load() == nil {
			return
		}
	}
	i.s.mu.Lock()
	if !left {
		i.drop.joinLocked()
	}
	i.settleLocked(err)
	i.tellGoneLocked()
	stop := i.lessLocked().stop
	i.s.mu.Unlock()
	if stop != nil {
		stop(ErrClosed) // frees the context
	}
}

// outcome returns what Run says of a drop, and tells those who wait for one that
// will not end, because it was abandoned or skipped.
func (i *item) outcome(o group.Outcome) error {
	err := i.s.dropError(i, o)
	if o.Outcome == "abandoned" || o.Outcome == "skipped" {
		i.s.mu.Lock()
		i.settleLocked(err)
		i.s.mu.Unlock()
	}
	return err
}

// settleLocked marks i as gone, with the first outcome that it has.
func (i *item) settleLocked(err error) {
	if i.is() == gone {
		return
	}
	if err != nil {
		i.moreLocked().told = err
	}
	i.set(gone)
	if i.s.state < dropping { // else nobody will want the name any more
		i.s.names.free(i.name())
	}
	i.tellGoneLocked()
	i.s.rec.GuardLive(-1)
}

// tellGoneLocked tells those who wait for i to be gone.
func (i *item) tellGoneLocked() {
	if r := i.rare.Load(); r != nil && r.done != nil && !isClosed(r.done) {
		close(r.done)
	}
}

// doneLocked returns a channel that closes when i is gone.
func (i *item) doneLocked() <-chan struct{} {
	r := i.moreLocked()
	if r.done == nil {
		r.done = make(chan struct{})
	}
	if i.is() == gone {
		i.tellGoneLocked()
	}
	return r.done
}

// askedFrom reports whether ctx is that of the drop of i, or of the daemon that i
// is, for which a wait for i would be a wait for itself; and whether it is that of
// any drop or daemon of i's scope, for which it would be as soon as the order of
// the teardown is decided.
func (i *item) askedFrom(ctx context.Context) (self, inside bool) {
	for o := ownerOf(ctx); o != nil; o = o.outer() {
		if o.kind != dropOwner && o.kind != daemonOwner {
			continue
		}
		self = self || o.item == i
		inside = inside || o.s == i.s
	}
	return self, inside
}

// outer returns the owner around o: that of the context in which a guard is
// opened, else the one in which the scope of o was made.
func (o *owner) outer() *owner {
	if o.kind == openingOwner {
		return ownerOf(o.Context)
	}
	return o.s.frame
}

// atMost returns the first n names, then a count of the others.
func atMost(names []string, n int) []string {
	if len(names) <= n {
		return names
	}
	return append(slices.Clone(names[:n]), fmt.Sprintf("and %d more", len(names)-n))
}

// callSite returns the file and line outside of this package that called.
func callSite() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "github.com/ebb-go/ebb/scope.") {
			return fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		if !more {
			return "unknown"
		}
	}
}
