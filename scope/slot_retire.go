package scope

import "context"

// retire drops the value before the open function in whose context it is called has
// opened the next.
func (p *place[T]) retire(ctx context.Context) error {
	if !p.isTurnOf(frameOf(ctx)) {
		return ErrForeign
	}
	v := p.current.Load()
	if v == nil {
		return nil
	}
	in := held(ctx)
	idle := v.retire()
	var why error
	w, path := waits.enter(in, target{waitPoint: waitPoint{node: &v.scopeNode}, wide: true})
	defer w.leave()
	if names := v.guardNames(); len(names) > 0 {
		why = &InUseError{Guard: v.label, Dependents: names}
	} else if path != nil || holds(in, target{waitPoint: waitPoint{node: &v.node}}) {
		why = ErrReentrant
	} else {
		select {
		case <-idle:
		case <-w.refused():
			why = ErrReentrant
		case <-ctx.Done():
			why = context.Cause(ctx)
		}
	}
	if why != nil && v.takeBack() {
		return why
	}
	p.mu.Lock()
	p.current.Store(nil)
	p.mu.Unlock()
	err := v.scopeNode.dropEarly(ctx, true)
	p.mu.Lock()
	p.lost = err
	p.mu.Unlock()
	return err
}

// isTurnOf reports whether f, or what is around it, is the open function that runs.
func (p *place[T]) isTurnOf(f *frame) bool {
	p.mu.Lock()
	turn := p.turn
	p.mu.Unlock()
	for ; f != nil && turn != nil; f = f.outer() {
		if f.kind == openingFrame && f.node == turn.node {
			return true
		}
	}
	return false
}
