package guardtest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/guard/guardtest"
	"go.uber.org/multierr"
)

// A hostile is an error each of whose methods does what its field says.
type hostile struct{ do func() }

func (h *hostile) Error() string { h.do(); return "hostile" }
func (h *hostile) Unwrap() error { h.do(); return nil }
func (h *hostile) Is(error) bool { h.do(); return false }

var hostiles = map[string]error{
	"nil pointer":  (*hostile)(nil),
	"panics":       &hostile{func() { panic("boom") }},
	"exits":        &hostile{runtime.Goexit},
	"uncomparable": held{[]int{1}},
}

// A held is comparable by its type alone.
type held struct{ v any }

func (held) Error() string { return "held" }

// What a drop function returns is its own, whatever that wraps or its methods do: a
// rule is broken by what does not return.
func TestVerifyHostileErrors(t *testing.T) {
	for name, err := range map[string]error{
		"wraps Goexit": fmt.Errorf("a tool: %w", guard.ErrGoexit), "wraps a panic": fmt.Errorf("a tool: %w", &guard.PanicError{Value: 1}),
		"nil pointer": hostiles["nil pointer"], "panics": hostiles["panics"], "exits": hostiles["exits"], "uncomparable": hostiles["uncomparable"],
	} {
		fails := func(context.Context, int) error { return err }
		open := func(context.Context) (int, error) { return 1, nil }
		got := guardtest.Verify(t.Context(), fails, guardtest.Contract[int]{
			Open:    open,
			Failing: func(context.Context) (int, error, error) { return 1, err, nil },
			Stuck:   func(context.Context) (int, func(), error) { return 1, nil, nil },
		})
		if rules := brokenRules(got); rules != "drops, goroutines" {
			t.Errorf("%s: broken are %s", name, rules)
		}
		for _, err := range multierr.Errors(got) {
			if err.Error() == "" {
				t.Errorf("%s: no text", name)
			}
		}
	}
}

// A function of the contract that does not return breaks the rule that needs it, and
// the others are checked.
func TestVerifyContractThatFails(t *testing.T) {
	for name, do := range map[string]func(){"panics": func() { panic("boom") }, "exits": runtime.Goexit} {
		err := guardtest.Verify(t.Context(), guard.Nothing[int], guardtest.Contract[int]{
			Open:    func(context.Context) (int, error) { return 1, nil },
			Partial: func(context.Context) (int, error) { do(); return 1, nil },
			Failing: func(context.Context) (int, error, error) { do(); return 1, nil, nil },
			Stuck:   func(context.Context) (int, func(), error) { return 1, do, nil },
		})
		if rules := brokenRules(err); rules != "partial, error, deadline" {
			t.Errorf("%s: broken are %s", name, rules)
		}
	}
}

func brokenRules(err error) string {
	var rules []string
	for _, err := range multierr.Errors(err) {
		var broken *guardtest.RuleError
		if errors.As(err, &broken) {
			rules = append(rules, broken.Rule)
		}
	}
	return strings.Join(rules, ", ")
}

// A drop that does not return, or returns what has no text, fails its test and no
// other value's drop.
func TestOwnHostile(t *testing.T) {
	drops := map[string]func(context.Context, int) error{
		"boom":           func(context.Context, int) error { panic("boom") },
		"runtime.Goexit": func(context.Context, int) error { runtime.Goexit(); return nil },
	}
	for name, err := range hostiles {
		drops[name+"\x00"] = func(context.Context, int) error { return err }
	}
	for says, drop := range drops {
		r := newRecorder(t)
		others := 0
		own := func(drop func(context.Context, int) error) { guardtest.Own(r, guard.New(1, drop)) }
		own(func(context.Context, int) error { others++; return nil })
		own(drop)
		own(func(context.Context, int) error { others++; return nil })
		r.end()
		says, _, hostile := strings.Cut(says, "\x00")
		if len(r.errors) != 1 || others != 2 || !hostile && !strings.Contains(r.errors[0], says) {
			t.Errorf("%s: the test failed with %q, %d others dropped", says, r.errors, others)
		}
	}
}
