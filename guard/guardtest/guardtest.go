// Package guardtest helps to test code that makes guards and code that drops
// values: [Own] drops a guard at the end of a test, [Check] names those that a test
// forgot, and [Run] checks a drop function against its contract.
package guardtest

import (
	"context"
	"fmt"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/internal/fault"
)

// Own drops d when the test and its subtests have ended, and returns d. The drop
// runs in a [testing.T.Cleanup], so in the reverse order of the calls, on a context
// with the values of t.Context(), which is canceled by then, but without its
// cancellation. It blocks the end of the test until the drop has returned. Its error
// fails the test, and so does a panic or Goexit of the drop, which is contained: the
// other values are dropped.
func Own[D guard.Dropper](t testing.TB, d D) D {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() {
		t.Helper()
		if err := guard.DropAll(ctx, d); err != nil {
			t.Errorf("guardtest: drop %T: %s", d, text(err))
		}
	})
	return d
}

// text returns the text of err, with the stacks of panics. A method of err that calls
// runtime.Goexit must not end the test.
func text(err error) string {
	var got string
	if !fault.Contain(func() { got = fmt.Sprintf("%+v", err) }) {
		return fault.Text(err)
	}
	return got
}

// Check fails the test for every guard, and every handle of a [guard.Shared], that
// was made after the call and is not dropped, released or given to an owner when
// the test and its subtests have ended, and names it with the site that made it. It
// does not wait for the garbage collector. Call it first, so that whatever else the
// test's cleanups drop is dropped by then.
//
// It sees the guards of the whole process: a test that runs in parallel with others
// would be blamed for theirs.
func Check(t testing.TB) {
	t.Helper()
	stop := guard.Track()
	t.Cleanup(func() {
		t.Helper()
		for _, l := range stop() {
			t.Errorf("guardtest: %s was not dropped", describe(l))
		}
	})
}

// describe says which guard it is in one line, and adds the stack if there is one.
func describe(l guard.Leak) string {
	text := "guard of " + l.Type
	if l.Name != "" {
		text = "guard \"" + l.Name + "\" of " + l.Type
	}
	if l.Site != "" {
		text += ", made at " + l.Site + ","
	}
	if l.Stack != "" {
		text += " by\n" + l.Stack
	}
	return text
}
