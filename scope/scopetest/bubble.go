package scopetest

import (
	"testing"
	"testing/synctest"
	"time"
)

// patience is how much virtual time an exit has before the test gives up on it.
// Waiting costs nothing while only drops wait, yet a ticker of the program under
// test goes on ticking through it, so it is no longer than it needs to be.
const patience = time.Hour

// settle waits until every other goroutine of the bubble is blocked. Outside of
// a bubble it ends the test.
func settle(t testing.TB) {
	t.Helper()
	defer func() {
		t.Helper()
		switch v := recover(); v {
		case nil:
		case "goroutine is not in a bubble": // the text of package runtime
			t.Fatalf("scopetest: not in a bubble: call it inside of synctest.Test(t, func(t *testing.T) { ... }), with that t")
		default:
			panic(v)
		}
	}()
	synctest.Wait()
}
