// Package guardtest helps to test code that makes guards and code that drops values.
//
//   - [Own] drops a guard at the end of a test.
//   - [Check] fails a test for each guard that it has forgotten, with the line that made it.
//   - [Run] checks a drop function against its [Contract], each rule in a subtest of its
//     own. [Verify] does so without a test.
//
// A test of a drop function states what it promises, and leaves the checks to Run:
//
//	func TestCloseStore(t *testing.T) {
//		guardtest.Run(t, closeStore, guardtest.Contract[*Store]{
//			Open:    func(ctx context.Context) (*Store, error) { return openStore(ctx, t.TempDir()) },
//			Held:    func(s *Store) bool { return s.file != nil },
//			Failing: func(ctx context.Context) (*Store, error, error) { ... },
//		})
//	}
//
// A test of code that makes guards begins with guardtest.Check(t), and owns what it opens by
// guardtest.Own(t, open(ctx)).
//
// The contract is what a guard, and a scope that owns it, rely on: that a drop gives the
// value up whatever the state of its context, that it returns soon after its deadline, that
// it leaves no goroutine behind, and that its errors are not lost. A drop function that keeps
// the contract can be torn down within a budget; one that does not is abandoned there, and
// only here it is cheap to find out.
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

// text returns the text of err, with the stacks of panics. The methods of err are foreign
// code, and one that calls runtime.Goexit must not end the test: then the text is that of the
// error without its stacks.
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
// would be blamed for theirs. While a Check is running each guard that is made costs a lock
// and a map entry more.
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

// describe returns in one line which guard it is, and the stack after it if there is one.
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
