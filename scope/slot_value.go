package scope

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
)

// A slotValue is one value of a slot, without its type. Inside the slot it is two nodes:
// the guard, whose drop is the slot's drop function, and a scope, which the guard depends
// on and in which lies what the open function acquires and starts on From. So the guard
// is dropped first, and the scope even if that was abandoned.
type slotValue struct {
	kept
	core   *slotCore
	label  string      // the name of the slot with its number or key
	noted  atomic.Bool // what became of it was kept
	shared bool        // its open function is called for several callers

	scope     Scope
	scopeNode node

	open   opening
	cancel context.CancelCauseFunc // frees the context that it was opened in
}

// prepare makes the scope of v, and the context in which v is opened on behalf of ctx.
func (v *slotValue) prepare(ctx context.Context, r resource) error {
	in, s, n := &v.core.values, &v.scope, &v.scopeNode
	v.node.s, v.node.resource = in, r
	v.node.vertex.Label(v.label)
	v.own, v.kept.begin = s, droppingValue{v}
	s.name, s.parent, s.opener, s.self = v.label, in, &in.body, n
	n.s, n.resource = in, s
	s.makeConfig().slot = &v.core.node
	if err := s.configure(nil); err != nil {
		return err
	}
	s.foreign = in.foreign
	s.begin(&in.body, s.recorded(&in.body))
	in.mu.Lock()
	err := n.linkLocked(v.label, nil, &guardConfig{}, false, nil)
	stopped := in.stopReasonLocked()
	if err == nil { // as what the open function has made itself
		x := v.node.makeRarelyLocked()
		x.uses, x.made = []use{{to: n}}, []*node{n}
	}
	in.unlockAndCount()
	if err != nil {
		s.abort()
		return err
	}
	if stopped != nil {
		s.Stop(stopped)
	}
	v.open.begin(ctx, &v.node, v.label)
	v.open.apart = v.shared
	return nil
}

// register makes what was opened a guard of the slot.
func (v *slotValue) register() error {
	in := &v.core.values
	in.mu.Lock()
	err := v.node.linkLocked(v.label, nil, &guardConfig{timeout: v.core.timeout}, false, nil)
	in.unlockAndCount()
	if err != nil {
		v.node.forget()
	}
	return err
}

// droppingValue is the start of a drop whose error no caller waits for.
type droppingValue struct{ *slotValue }

func (d droppingValue) Run() { d.dropUnheard() }

// dropUnheard begins the drop of v. Its error is Run's.
func (v *slotValue) dropUnheard() {
	n := &v.scopeNode
	n.s.mu.Lock()
	e, w, first, _ := n.joinLocked(nil, true, time.Time{})
	n.s.mu.Unlock()
	w.leave()
	if first {
		engine.Start(e)
	}
}

// giveUp retires v, which its slot has no longer, and waits until it is dropped, as long
// as ctx lives; it returns the error of that. It does not wait for a guard that keeps v,
// and not if the caller keeps v itself: then the error is Run's.
func (v *slotValue) giveUp(ctx context.Context, what string) error {
	in := held(ctx)
	idle := v.retire()
	if names := v.guardNames(); len(names) > 0 {
		v.leaveDrop()
		return v.core.refusal(what, &InUseError{Guard: v.label, Dependents: names})
	}
	if holds(in, target{waitPoint: waitPoint{node: &v.node}}) {
		v.leaveDrop()
		return nil
	}
	w, path := waits.enter(in, target{waitPoint: waitPoint{node: &v.scopeNode}, wide: true})
	if path != nil {
		v.leaveDrop()
		return v.core.refusal(what, ErrReentrant)
	}
	select {
	case <-idle:
		w.leave()
		return v.scopeNode.dropEarly(ctx, true)
	case <-w.refused():
		v.leaveDrop()
		return v.core.refusal(what, ErrReentrant)
	case <-ctx.Done():
		w.leave()
		v.leaveDrop()
		return context.Cause(ctx)
	}
}

// leaveDrop leaves the drop of v, which the caller has retired, to the last pin.
func (v *slotValue) leaveDrop() {
	if v.stopWaiting() {
		v.dropUnheard()
	}
}

// awaitPins waits in the drop of v until nothing keeps it. In a teardown the pins of what
// its scope waited for have ended by then. If others outlive the time of the drop, the
// engine gives it up by name, and it goes on when they let go.
func (v *slotValue) awaitPins() { <-v.retire() }

// failUnheard makes an error that no caller waits for Run's.
func (v *slotValue) failUnheard(err error) {
	v.node.s.reportUnheard(&v.node, err)
}

// ended frees what belongs to a value that is gone, or was never opened.
func (v *slotValue) ended() {
	if v.cancel != nil {
		v.cancel(errEnded)
	}
}

// A valueOf is a value of a slot with its type.
type valueOf[T any] struct {
	slotValue
	drop func(ctx context.Context, v T) error
	v    T
}

// beginDrop waits until nothing keeps the value any longer.
func (v *valueOf[T]) beginDrop(ctx context.Context) (inside context.Context, begun bool, err error) {
	v.awaitPins()
	return ctx, true, nil
}

func (v *valueOf[T]) callDrop(ctx context.Context) error { return v.drop(ctx, v.v) }
func (v *valueOf[T]) endDrop(error, bool)                { v.ended() }

func (v *valueOf[T]) kind() string { return valueKind }

func (v *valueOf[T]) typ() string { return typeName[T]() }

// slotNode and made are for what finds the value by its node.
func (v *valueOf[T]) slotNode() *node { return &v.core.node }
func (v *valueOf[T]) made() *Scope    { return &v.scope }

// call calls open for the value in ctx. An error, a panic and a Goexit give up what it
// has acquired and started; drops are the errors of that, which err has too.
func (v *valueOf[T]) call(ctx context.Context, open func(ctx context.Context) (T, error)) (drops, err error) {
	if rec := v.core.values.rec; rec != nil {
		spanned, span := rec.Acquire(ctx, v.core.written(), v.typ())
		ctx = spanned
		err = ErrGoexit // unless open returns
		defer func() { span.End(err) }()
	}
	if err := v.prepare(ctx, v); err != nil {
		return nil, err
	}
	returned := false
	defer func() {
		if !returned || err != nil {
			v.node.forget()
			v.ended()
		}
	}()
	defer v.node.opens(ctx, &returned, &err, &drops)
	defer v.open.end()
	v.v, err = open(&v.open.frame)
	returned = true
	return drops, err
}

// keep makes the opened value a guard of the slot. One that comes after the slot's turn,
// when its open function has outlived its time, is dropped at once.
func (v *valueOf[T]) keep() error {
	err := v.register()
	if err == nil {
		return nil
	}
	in := &v.core.values
	refused := in.refusal("slot", v.label, err)
	if dropped := v.node.dropUnowned(nil, v.label, &guardConfig{timeout: v.core.timeout}); dropped != nil {
		return &becauseError{refused, dropped}
	}
	return refused
}

// caughtOpen is err, or what open came to instead of returning, for those who wait for
// it on other goroutines.
func caughtOpen(returned bool, err error, p any) error {
	switch {
	case returned:
		return err
	case p != nil:
		return fault.Panic(p)
	}
	return ErrGoexit
}

// typeName returns T as %T prints its values.
func typeName[T any]() string {
	var zero *T
	return fmt.Sprintf("%T", zero)[1:]
}
