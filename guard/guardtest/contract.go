package guardtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/internal/fault"
	"go.uber.org/multierr"
)

// A Contract is what a drop function is checked with. Open is required; each
// further field adds a rule that can only be checked with it. Values come from
// functions, as every rule needs a fresh one: a value that was dropped once proves nothing
// about the next rule. The functions are called one after another, on the goroutine of the
// test, with the context of the test.
type Contract[T any] struct {
	// Open makes a value that is in order. An error of it breaks the rule that needed the
	// value: a contract that cannot be checked does not hold.
	Open func(ctx context.Context) (T, error)

	// Idempotent promises that a second Drop of the same value is harmless. A guard
	// drops once, and does not ask for it.
	Idempotent bool
	// Partial makes a value as a constructor that failed halfway leaves it: with some of
	// what it needs, and nil for the rest.
	Partial func(ctx context.Context) (T, error)
	// Failing makes a value whose drop fails, and the error with which. The drop has to return
	// that error or one that wraps it, so that errors.Is finds it in the error of a scope.
	Failing func(ctx context.Context) (v T, want error, err error)
	// Stuck makes a value whose drop does not end before its context does, such as
	// a server with a request that hangs. free lets go of what it hangs on and is
	// called when the rule has been checked; it may be nil.
	Stuck func(ctx context.Context) (v T, free func(), err error)
	// Held reports whether v still has what a drop has to give up. It is asked after a drop
	// that has returned nil or had no time; without it a drop is taken at its word.
	Held func(v T) bool

	// Patience is how long a rule waits for what should come at once. The default
	// is 5 s; only a broken rule takes so long.
	Patience time.Duration
	// Virtual makes Run check each rule in a bubble of testing/synctest, where the
	// waits take no time. It is for values that wait on nothing outside of the process,
	// and that the functions here make whole, as channels belong to one bubble. A
	// goroutine that is left for ever ends the test binary there: a bubble insists.
	Virtual bool
}

// A RuleError is a rule that a drop function has broken. It is immutable, and wraps what
// happened instead.
type RuleError struct {
	Rule string // its name, as that of the subtest of Run
	Text string // what it demands
	Err  error  // what happened instead
}

func (e *RuleError) Error() string {
	return fmt.Sprintf("rule %q is broken: %s; %s", e.Rule, fault.Text(e.Err), e.Text)
}

func (e *RuleError) Unwrap() error { return e.Err }

// A rule is one line of the contract: a demand in words, and a check that returns what
// happened instead, or nil.
type rule[T any] struct {
	name  string
	text  string
	when  bool // the contract has what the rule needs
	check func(ctx context.Context, c *checked[T]) error
}

// A checked is a drop function under its contract. It has no state: the rules can be checked
// in any order, and are checked in the order of the table.
type checked[T any] struct {
	Contract[T]
	fn func(ctx context.Context, v T) error
}

// rules returns the whole contract, in the order of checking: first what every drop function
// has to do, then what needs a field. A rule that is left out is not a rule that holds.
func rules[T any](c *checked[T]) []rule[T] {
	return []rule[T]{{
		name:  "drops",
		text:  "a drop of a value that is in order gives it up and returns nil",
		when:  true,
		check: drops[T],
	}, {
		name:  "goroutines",
		text:  "when a drop has returned, no goroutine is left of those that the value and the drop have started",
		when:  true,
		check: leavesNoGoroutine[T],
	}, {
		name:  "context over",
		text:  "a drop whose context is over returns soon all the same, and gives up the value: nothing drops it later",
		when:  true,
		check: dropsLate[T],
	}, {
		name:  "idempotent",
		text:  "a second drop of the same value returns nil and does nothing, as promised",
		when:  c.Idempotent,
		check: dropsTwice[T],
	}, {
		name:  "partial",
		text:  "a drop of a value that was not completely constructed gives up what there is, and returns nil",
		when:  c.Partial != nil,
		check: dropsPartial[T],
	}, {
		name:  "error",
		text:  "a drop that fails returns the error, or one that wraps it",
		when:  c.Failing != nil,
		check: returnsError[T],
	}, {
		name:  "deadline",
		text:  "a drop returns soon after its context has ended, with an error if the value was not given up in order",
		when:  c.Stuck != nil,
		check: honoursDeadline[T],
	}}
}

// Run checks drop against c rule by rule, each in a subtest of its name; a failure
// says which rule is broken, what it demands, and what happened instead. It must not
// run in parallel with other tests: their goroutines would be taken for the value's.
// The shapes of package guard are passed uninstantiated:
//
//	guardtest.Run(t, guard.Shutdown, guardtest.Contract[*http.Server]{...})
func Run[T any](t *testing.T, drop func(ctx context.Context, v T) error, c Contract[T]) {
	t.Helper()
	under := &checked[T]{c, drop}
	for _, r := range rules(under) {
		if !r.when {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			check := func(t *testing.T) {
				if err := r.broken(t.Context(), under); err != nil {
					t.Errorf("guardtest: %v", err)
				}
			}
			if c.Virtual {
				synctest.Test(t, check)
				return
			}
			check(t)
		})
	}
}

// Verify checks the rules as [Run] does, without a test, and returns a *[RuleError]
// for each that is broken, as one flat list. A rule during which a function of c
// panics or calls [runtime.Goexit] is broken, and the others are checked all the same.
// Virtual has no effect. Verify blocks until all rules are checked: with a drop that hangs,
// for the Patience of each rule.
func Verify[T any](ctx context.Context, drop func(ctx context.Context, v T) error, c Contract[T]) error {
	var err error
	under := &checked[T]{c, drop}
	for _, r := range rules(under) {
		if r.when {
			var broken error
			if failed := fault.Foreign(nil, func() { broken = r.broken(ctx, under) }); failed != nil {
				broken = &RuleError{Rule: r.name, Text: r.text, Err: fmt.Errorf("could not be checked: %w", failed)}
			}
			err = multierr.Append(err, broken)
		}
	}
	return err
}

// broken checks the rule, and returns a *RuleError if it is broken.
func (r rule[T]) broken(ctx context.Context, c *checked[T]) error {
	if err := r.check(ctx, c); err != nil {
		return &RuleError{Rule: r.name, Text: r.text, Err: err}
	}
	return nil
}

// drop drops v as a guard would, by a guard: so a panic and a Goexit are contained. It waits
// for its end, but not for ever. If the function has not returned, the error is a *noReturn.
//
// returned is written by the drop function and read when Done is closed, which comes after;
// a drop that is still running when patience ends is not asked for it.
func (c *checked[T]) drop(ctx context.Context, v T) error {
	returned := false
	g := guard.New(v, func(ctx context.Context, v T) error {
		err := c.fn(ctx, v)
		returned = true
		return err
	}, guard.StackDepth(0))
	go g.Drop(ctx) // its outcome is g's Err
	patience := time.NewTimer(c.patience())
	defer patience.Stop()
	select {
	case <-g.Done():
		if !returned {
			return &noReturn{g.Err()}
		}
		return g.Err()
	case <-patience.C:
		return &noReturn{fmt.Errorf("the drop has not returned after %v", c.patience())}
	}
}

// patience is the contract's Patience, or the default.
func (c *checked[T]) patience() time.Duration {
	if c.Patience > 0 {
		return c.Patience
	}
	return 5 * time.Second
}

// A noReturn is the outcome of a drop function that did not return one: it has
// panicked, called runtime.Goexit, or is still running. What a function returns is
// none, whatever it wraps: whether a drop has returned is seen, and not concluded from its
// error.
type noReturn struct{ err error }

func (e *noReturn) Error() string { return fault.Text(e.err) }
func (e *noReturn) Unwrap() error { return e.err }

// unacceptable returns err if the drop function did not return it, and nil otherwise: where a
// drop may fail, it may fail with any error.
func unacceptable(err error) error {
	if _, is := err.(*noReturn); is {
		return err
	}
	return nil
}

// held returns an error if v still has what it should have given up.
func (c *checked[T]) held(v T) error {
	if c.Held != nil && c.Held(v) {
		return errors.New("the value has not been given up")
	}
	return nil
}
