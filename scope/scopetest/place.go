package scopetest

import (
	"context"

	"github.com/ebb-go/ebb/scope"
)

// Guard registers a guard whose drop is a stand-in, and which depends on deps:
// other stand-ins, or handles of real guards. If the scope refuses it the test
// ends. See [Tester.GuardWith] for options.
func (st *Tester) Guard(name string, deps ...scope.Node) *StandIn {
	st.t.Helper()
	return st.GuardWith(name, scope.DependsOn(deps...))
}

// GuardWith is [Tester.Guard] with options, among them [scope.DependsOn].
func (st *Tester) GuardWith(name string, opts ...scope.GuardOption) *StandIn {
	st.t.Helper()
	f := st.add("guard", name)
	h, err := f.acquire(st.ctx, st.scope, opts)
	st.must(err)
	f.node = h
	return f
}

// Daemon starts a daemon that is a stand-in; see [scope.Scope.Daemon] for what it
// depends on without options. It goes on when it is asked to stop, until it is told
// how to end: [StandIn.FinishWhenAsked] makes it an obedient one.
func (st *Tester) Daemon(name string, opts ...scope.GuardOption) *StandIn {
	st.t.Helper()
	f := st.add("daemon", name)
	d, err := st.scope.Daemon(name, f.Run, opts...)
	st.must(err)
	f.node = d
	return f
}

// Child opens a child scope whose teardown waits for a stand-in, a guard of the same
// name in it on which nothing depends. How the stand-in ends is how that teardown
// goes: an error or a panic of it is one of a drop. [StandIn.Scope] is the child.
func (st *Tester) Child(name string, opts ...scope.Option) *StandIn {
	st.t.Helper()
	f := st.add("child", name)
	c, err := st.scope.Child(name, opts...)
	st.must(err)
	_, err = f.acquire(c.Context(), c, nil)
	st.must(err)
	f.node, f.scope = c, c
	return f
}

// Task starts a task that is a stand-in. It goes on when it is canceled or asked
// to stop, until it is told how to end: [StandIn.FinishWhenAsked] makes it an
// obedient one. If the scope refuses it the test ends.
func (st *Tester) Task(name string) *StandIn {
	st.t.Helper()
	f := st.add("task", name)
	st.must(st.scope.TryGo(name, f.Run))
	return f
}

// acquire makes the stand-in a guard of s. By [scope.Register] or [scope.Defer] a
// scope that has closed would drop it here and now, and so block the test.
func (f *StandIn) acquire(ctx context.Context, s *scope.Scope, opts []scope.GuardOption) (*scope.Handle[*StandIn], error) {
	open := func(context.Context) (*StandIn, error) { return f, nil }
	drop := func(ctx context.Context, f *StandIn) error { return f.Drop(ctx) }
	return scope.Acquire(ctx, s, f.name, open, drop, opts...)
}

// add makes a stand-in in the scope.
func (st *Tester) add(kind, name string) *StandIn {
	st.t.Helper()
	f := newStandIn(st.t, kind, name)
	f.scope, f.tell = st.scope, st.tell
	st.cast = append(st.cast, f)
	return f
}

// must ends the test if the scope has refused something.
func (st *Tester) must(err error) {
	st.t.Helper()
	if err != nil {
		st.t.Fatalf("scopetest: %v", err)
	}
}
