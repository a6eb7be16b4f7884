package guard_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/internal/life"
)

var errDrop = errors.New("drop failed")

// counted returns a drop function that returns err, and the count of its calls.
func counted(err error) (drop func(context.Context, int) error, calls *atomic.Int32) {
	calls = new(atomic.Int32)
	return func(context.Context, int) error {
		calls.Add(1)
		return err
	}, calls
}

// recovered returns what fn panics with.
func recovered(fn func()) (value any) {
	defer func() { value = recover() }()
	fn()
	return nil
}

// exits calls fn on a goroutine of its own and reports whether it called Goexit.
func exits(fn func()) bool {
	returned := false
	var wg sync.WaitGroup
	wg.Go(func() {
		fn()
		returned = true
	})
	wg.Wait()
	return !returned
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

func wantClosed(t *testing.T, what string, c <-chan struct{}, want bool) {
	t.Helper()
	select {
	case <-c:
		if !want {
			t.Errorf("%s is closed", what)
		}
	default:
		if want {
			t.Errorf("%s is not closed", what)
		}
	}
}

// second and second2 return the error of a call alone.
func second[T any](_ T, err error) error { return err }

func second2[T, U any](_ T, _ U, err error) error { return err }

// own makes the test the owner of g, as a scope does.
func own[T any](g *guard.Guard[T]) error {
	if g == nil {
		return guard.ErrDropped
	}
	return life.Inside(g).Own()
}

// disown is the opposite of own.
func disown[T any](g *guard.Guard[T]) {
	if g != nil {
		life.Inside(g).Disown()
	}
}
