package scope

import (
	"context"
	"github.com/ebb-go/ebb/internal/engine"

	"github.com/ebb-go/ebb/internal/fault"
)

// dropUnowned drops at once what was handed to a scope that no longer accepts
// it, outside of any lock, contained, bounded and warned of like any drop. The
// function that has handed it over, user, waits for that drop; nil is none that is
// known.
func (n *node) dropUnowned(user *frame, name string, cfg *guardConfig) error {
	s := n.s
	if user != nil {
		w, _ := waits.enter(held(user), target{waitPoint: waitPoint{node: n}}) // nothing waits in the drop yet
		defer w.leave()
	}
	var g engine.Graph
	err := g.Insert(&n.vertex, engine.Spec{Name: name, Dropper: unowned{n}, Timeout: cfg.timeout})
	if err != nil {
		return err
	}
	opts := engine.Options{
		Slow: s.slow(), Timeout: s.dropTimeout, Force: s.force(),
		Notice: engine.NoticeFunc(s.observeUnowned), Cause: s.dropTimeoutError,
	}
	for _, o := range g.Teardown(context.WithoutCancel(s.context.base), opts) {
		err = s.dropError(n, o)
	}
	return err
}

// observeUnowned is observe for what no scope accounts for.
func (s *Scope) observeUnowned(e engine.Event) { s.notice(e.Node.Dropper().(unowned).node, e) }

// unowned drops a node that no scope accounts for. It is not the node itself: the scope
// has nothing to take note of.
type unowned struct{ node *node }

// Drop calls the drop function, in a context of its own like any drop's.
func (u unowned) Drop(ctx context.Context) (err error) {
	n := u.node
	n.drop.node, n.drop.way = n, dropUnowned
	n.drop.begin(ctx, n.s, dropFrame)
	err = ErrGoexit // unless it returns or panics
	begun := false
	defer func() {
		p := recover()
		if p != nil {
			err = fault.Panic(p)
		}
		if begun {
			n.resource.endDrop(err, p != nil)
		}
		n.drop.join()
		err = caught(err, p != nil)
	}()
	ctx, began, refused := n.resource.beginDrop(&n.drop)
	if begun = began; !begun {
		return refused
	}
	return n.resource.callDrop(ctx)
}
