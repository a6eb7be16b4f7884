package scope

import (
	"context"
	"errors"
	"slices"
)

// errRetired says that a value takes no further pin: the slot has another, or none.
var errRetired = errors.New("scope: the value is retired")

func (p *pins) hasLocked(k *kept) bool {
	if slices.Contains(p.few[:p.n], k) {
		return true
	}
	_, ok := p.many[k]
	return ok
}

// add pins k, unless p has it already. It returns ErrClosed once the function has ended,
// and errRetired if k takes no pin.
func (p *pins) add(k *kept) (added bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.ended:
		return false, ErrClosed
	case p.hasLocked(k):
		return false, nil
	case !k.enter():
		return false, errRetired
	case p.n < len(p.few):
		p.few[p.n] = k
		p.n++
	default:
		if p.many == nil {
			p.many = make(map[*kept]struct{})
		}
		p.many[k] = struct{}{}
	}
	p.last.Store(k)
	return true, nil
}

// remove ends the pin of k, and reports whether there was one.
func (p *pins) remove(k *kept) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.hasLocked(k) {
		return false
	}
	p.last.Store(nil)
	delete(p.many, k)
	if at := slices.Index(p.few[:p.n], k); at >= 0 {
		p.n--
		p.few[at], p.few[p.n] = p.few[p.n], nil
	}
	return true
}

// take ends the pins whose value is in a slot of the scope or below, all for nil, and
// returns them.
func (p *pins) take(of *Scope) (taken []*kept) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = p.ended || of == nil
	p.last.Store(nil)
	ends := func(k *kept) bool {
		end := of == nil || k.node.s.below(of)
		if end {
			taken = append(taken, k)
		}
		return end
	}
	p.n = len(slices.DeleteFunc(p.few[:p.n], ends))
	for k := range p.many {
		if ends(k) {
			delete(p.many, k)
		}
	}
	return taken
}

// list returns the values that are pinned.
func (p *pins) list() (all []*kept) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all = append(all, p.few[:p.n]...)
	for k := range p.many {
		all = append(all, k)
	}
	return all
}

// pin keeps k until f has ended. Either the end of f finds the pin, or pin finds that f
// has ended: each side writes first and then looks.
func (f *frame) pin(k *kept) error {
	if f.live.Load() == 0 {
		return ErrClosed
	}
	p := &f.makeMore().pins
	added, err := p.add(k)
	if added && f.live.Load() == 0 {
		if p.remove(k) {
			k.unpin()
		}
		return ErrClosed
	}
	return err
}

// pinsLast reports whether k is what f has pinned last.
func (f *frame) pinsLast(k *kept) bool {
	more := f.more.Load()
	return more != nil && more.pins.last.Load() == k
}

// pinned returns the values that f keeps.
func (f *frame) pinned() []*kept {
	if more := f.more.Load(); more != nil {
		return more.pins.list()
	}
	return nil
}

// unpin ends the pins of f, which has ended; given a scope, only those that the teardown
// of this scope would wait for. The lock of the scope of f may be held.
func (f *frame) unpin(of *Scope) {
	if more := f.more.Load(); more != nil {
		for _, k := range more.pins.take(of) {
			k.unpin()
		}
	}
}

// keepFor pins k for what f is a function of: a guard that is opened, or a task, daemon,
// drop or Run.
func (k *kept) keepFor(f *frame) error {
	switch {
	case k.inside(f):
		return nil
	case f.kind == openingFrame:
		return f.node.pin(k)
	}
	return f.pin(k)
}

// inside reports whether f is a function of the value itself: what it runs, or what is
// nested in that. It ends with the value, and cannot keep it.
func (k *kept) inside(f *frame) bool { return f.s == k.own || f.s.below(k.own) }

// heldIn reports whether what a call in ctx is in keeps k already: a function, a guard
// that is opened, or a Borrow.
func (k *kept) heldIn(ctx context.Context) bool {
	for f := frameOf(ctx); f != nil; f = f.outer() {
		if slices.Contains(f.pinned(), k) || f.kind == openingFrame && k.keptByGuard(f.node) {
			return true
		}
	}
	for b := borrowingOf(ctx); b != nil; b = b.outer {
		if b.node == &k.node && !b.over.Load() {
			return true
		}
	}
	return false
}

func (k *kept) keptByGuard(n *node) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.guards[n]
}

// pin keeps k until n is gone.
func (n *node) pin(k *kept) error {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	if n.is() > live {
		return ErrDropped
	}
	x := n.makeRarelyLocked()
	switch {
	case slices.Contains(x.values, k):
		return nil
	case !k.enter():
		return errRetired
	}
	x.values = append(x.values, k)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.guards == nil {
		k.guards = make(map[*node]bool)
	}
	k.guards[n] = true
	return nil
}

// unpinValuesLocked ends the pins of a node that is gone.
func (n *node) unpinValuesLocked(x *rarely) {
	for _, k := range x.values {
		k.mu.Lock()
		delete(k.guards, n)
		k.mu.Unlock()
		k.unpin()
	}
	x.values = nil
}

// movePinsLocked hands what n keeps to the node that it becomes in another scope.
func (n *node) movePinsLocked(to *node) {
	x := n.rarely.Load()
	if x == nil || len(x.values) == 0 {
		return
	}
	for _, k := range x.values {
		k.mu.Lock()
		delete(k.guards, n)
		k.guards[to] = true
		k.mu.Unlock()
	}
	to.makeRarelyLocked().values, x.values = x.values, nil
}

// guardNames returns the names of the guards that keep k until they are gone, at most
// maxNames.
func (k *kept) guardNames() (names []string) {
	k.mu.Lock()
	guards := make([]*node, 0, len(k.guards))
	for n := range k.guards {
		guards = append(guards, n)
	}
	k.mu.Unlock()
	for _, n := range guards {
		n.s.mu.Lock() // it may be about to be registered, under another name
		names = append(names, n.name())
		n.s.mu.Unlock()
	}
	slices.Sort(names)
	return atMost(names, maxNames)
}
