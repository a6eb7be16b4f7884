package guardtest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/guard/guardtest"
)

// A recorder is a testing.TB that a test can look into. It runs its cleanups when
// it is told to.
type recorder struct {
	testing.TB // what is not needed is not there
	ctx        context.Context
	cancel     context.CancelFunc
	cleanups   []func()
	errors     []string
}

func newRecorder(t testing.TB) *recorder {
	r := new(recorder)
	r.ctx, r.cancel = context.WithCancel(t.Context())
	return r
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }
func (r *recorder) Cleanup(fn func())        { r.cleanups = append(r.cleanups, fn) }
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// end ends the test as package testing does: the context is canceled, then the
// cleanups run, last in first out.
func (r *recorder) end() {
	r.cancel()
	for _, fn := range slices.Backward(r.cleanups) {
		fn()
	}
}

// Own drops in reverse order on a live context with the test's values, and a
// drop's error fails the test.
func TestOwn(t *testing.T) {
	r := newRecorder(t)
	type key struct{}
	r.ctx = context.WithValue(r.ctx, key{}, "value")
	var order []int
	own := func(n int, err error) *guard.Guard[int] {
		return guardtest.Own(r, guard.New(n, func(ctx context.Context, n int) error {
			if ctx.Err() != nil || ctx.Value(key{}) != "value" {
				t.Errorf("the drop's context: %v, value %v", ctx.Err(), ctx.Value(key{}))
			}
			order = append(order, n)
			return err
		}))
	}
	one := own(1, nil)
	own(2, errors.New("two failed"))
	guardtest.Own(r, guard.Share(guard.New(3, guard.Nothing))) // any Dropper
	own(4, nil).Drop(r.ctx)
	if one.Value() != 1 || !slices.Equal(order, []int{4}) {
		t.Errorf("dropped early: %v", order)
	}
	r.end()
	if !slices.Equal(order, []int{4, 2, 1}) {
		t.Errorf("order %v", order)
	}
	if len(r.errors) != 1 || r.errors[0] != "guardtest: drop *guard.Guard[int]: two failed" {
		t.Errorf("errors %q", r.errors)
	}
}

// Check names what was forgotten, without a collection.
func TestCheck(t *testing.T) {
	r := newRecorder(t)
	guardtest.Check(r)
	guardtest.Own(r, guard.New(1, guard.Nothing))
	forgotten := guard.New("", guard.Nothing, guard.Name("db"))
	deep := guard.New(2, guard.Nothing, guard.StackDepth(2))
	placeless := guard.New(3, guard.Nothing, guard.StackDepth(0))
	handle := guard.Share(guard.New(4, guard.Nothing))
	guard.New(5, guard.Nothing).Release()
	r.end()
	want := []string{
		`guardtest: guard "db" of string, made at `,
		`guardtest: guard of int, made at `,
		`guardtest: guard of int was not dropped`,
		`guardtest: guard of *guard.Shared[int], made at `,
	}
	if len(r.errors) != len(want) {
		t.Fatalf("errors:\n%s", strings.Join(r.errors, "\n"))
	}
	for i, text := range r.errors {
		if !strings.HasPrefix(text, want[i]) || !strings.HasSuffix(text, "was not dropped") {
			t.Errorf("%s\nwant %s...", text, want[i])
		}
	}
	if !strings.Contains(r.errors[0], "guardtest_test.go:") || !strings.Contains(r.errors[1], "guardtest_test.TestCheck\n") {
		t.Errorf("no site or no stack:\n%s", strings.Join(r.errors, "\n"))
	}
	guard.DropAll(t.Context(), forgotten, deep, placeless, handle)
}

// A test that forgets nothing passes, and Check itself leaves nothing behind.
func TestCheckPasses(t *testing.T) {
	guardtest.Check(t)
	r := newRecorder(t)
	guardtest.Check(r)
	g := guardtest.Own(r, guard.New(1, guard.Nothing))
	r.end()
	if len(r.errors) != 0 || !g.Dropped() {
		t.Errorf("errors %q", r.errors)
	}
}
