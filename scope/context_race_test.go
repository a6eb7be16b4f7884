package scope_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// opaque is a context that package context cannot look into.
type opaque struct{ context.Context }

func (o opaque) Value(key any) any { return nil }

// TestContextNeverChangesItsMind: a cancellation meets the close, from outside, from
// inside and by a deadline, while many readers look, each in another way. What one
// of them has seen of the end, all have seen, and see afterwards.
func TestContextNeverChangesItsMind(t *testing.T) {
	bases := map[string]func(context.Context) context.Context{
		"of package context": func(ctx context.Context) context.Context { return ctx },
		"opaque":             func(ctx context.Context) context.Context { return opaque{ctx} },
	}
	cancels := map[string]func(cancel context.CancelCauseFunc, s *scope.Scope){
		"by the parent": func(cancel context.CancelCauseFunc, s *scope.Scope) { cancel(errGone) },
		"by the scope":  func(cancel context.CancelCauseFunc, s *scope.Scope) { s.Cancel(errBoom) },
		"by both": func(cancel context.CancelCauseFunc, s *scope.Scope) {
			go s.Cancel(errBoom)
			cancel(errGone)
		},
	}
	opens := map[string]func(ctx context.Context, body func(ctx context.Context, s *scope.Scope)){
		"Run": func(ctx context.Context, body func(ctx context.Context, s *scope.Scope)) {
			_ = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error { body(ctx, s); return nil })
		},
		"nested": func(ctx context.Context, body func(ctx context.Context, s *scope.Scope)) {
			_ = scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error {
				return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error { body(ctx, s); return nil })
			})
		},
		"child": func(ctx context.Context, body func(ctx context.Context, s *scope.Scope)) {
			_ = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				c := must(s.Child("c"))
				body(c.Context(), c)
				return c.Close(context.WithoutCancel(ctx))
			})
		},
		"with a guard": func(ctx context.Context, body func(ctx context.Context, s *scope.Scope)) {
			_ = scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				_ = must(scope.Defer(s, "g", nothing))
				body(ctx, s)
				return nil
			})
		},
	}
	for kind, base := range bases {
		for by, cancel := range cancels {
			for how, open := range opens {
				for range 40 {
					var minds minds
					parent, end := context.WithCancelCause(t.Context())
					start, canceled := make(chan struct{}), make(chan struct{})
					open(base(parent), func(ctx context.Context, s *scope.Scope) {
						minds.read(ctx, start)
						go func() {
							defer close(canceled)
							<-start
							cancel(end, s)
						}()
						close(start)
					})
					<-canceled
					if seen := minds.seen(); len(seen) != 1 {
						t.Fatalf("%s, base %s, canceled %s: readers have seen %v", how, kind, by, seen)
					}
					end(nil)
				}
			}
		}
	}
}

// minds is what the readers of one context have seen of its end.
type minds struct {
	readers sync.WaitGroup
	mu      sync.Mutex
	ends    map[string]int // by what was seen
}

func (m *minds) saw(ctx context.Context) {
	err, cause := ctx.Err(), context.Cause(ctx)
	if again := ctx.Err(); err == nil || cause == nil || again != err {
		cause = fmt.Errorf("%v, then %v, with cause %v", err, again, cause)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ends == nil {
		m.ends = make(map[string]int)
	}
	m.ends[fmt.Sprint(err, "/", cause)]++
}

// read starts the readers; each looks first when start closes.
func (m *minds) read(ctx context.Context, start <-chan struct{}) {
	spin := func(ctx context.Context) { // one that polls makes no context
		for ctx.Err() == nil {
			runtime.Gosched()
		}
		m.saw(ctx)
		m.saw(ctx)
	}
	type key struct{}
	for _, look := range []func(){
		func() { spin(ctx) },
		func() { spin(context.WithValue(ctx, key{}, 1)) },
		func() {
			for context.Cause(ctx) == nil {
				runtime.Gosched()
			}
			m.saw(ctx)
		},
		func() { <-ctx.Done(); m.saw(ctx) },
		func() {
			derived, cancel := context.WithCancel(ctx)
			defer cancel()
			<-derived.Done()
			m.saw(derived)
		},
		func() {
			derived, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			<-derived.Done()
			m.saw(derived)
		},
		func() {
			done := make(chan struct{})
			context.AfterFunc(ctx, func() { m.saw(ctx); close(done) })
			<-done
			m.saw(ctx)
		},
		func() { // a context without the cancellation never hears of it
			apart := context.WithoutCancel(ctx)
			spin(ctx)
			if apart.Err() != nil || context.Cause(apart) != nil {
				m.saw(opaque{apart})
			}
		},
	} {
		m.readers.Go(func() { <-start; look() })
	}
}

// seen waits for the readers.
func (m *minds) seen() map[string]int {
	m.readers.Wait()
	return m.ends
}

// TestCauseOfAClosedScope: it says that the scope is closed, to who asks for that,
// and is a cancellation to who knows only of those.
func TestCauseOfAClosedScope(t *testing.T) {
	var ctx context.Context
	inScope(t, func(in context.Context, _ *scope.Scope) { ctx = in })
	cause := context.Cause(ctx)
	if !errors.Is(cause, scope.ErrClosed) || !errors.Is(cause, context.Canceled) || !errors.Is(ctx.Err(), context.Canceled) {
		t.Errorf("%v, cause %v", ctx.Err(), cause)
	}
}

// overtaken is a context whose Err, asked for the nth time, is overtaken by what
// happens before it returns.
type overtaken struct {
	context.Context
	n      atomic.Int32
	happen func()
}

func (o *overtaken) Err() error {
	err := o.Context.Err()
	if o.n.Add(-1) == 0 {
		o.happen()
	}
	return err
}

// TestContextOvertaken: wherever in a scope's life a cancellation comes between two
// of its steps, and is seen, it is the end that stays.
func TestContextOvertaken(t *testing.T) {
	for how, body := range map[string]func(ctx context.Context, s *scope.Scope) error{
		"nothing":      func(context.Context, *scope.Scope) error { return nil },
		"a guard":      func(_ context.Context, s *scope.Scope) error { _, err := scope.Defer(s, "g", nothing); return err },
		"a failure":    func(context.Context, *scope.Scope) error { return errBoom },
		"a task":       func(_ context.Context, s *scope.Scope) error { s.Go("t", nothing); return nil },
		"its own echo": func(ctx context.Context, _ *scope.Scope) error { return ctx.Err() },
		"a nested Run": func(ctx context.Context, _ *scope.Scope) error {
			return scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error { return ctx.Err() })
		},
		"a child": func(ctx context.Context, s *scope.Scope) error {
			return must(s.Child("c")).Close(context.WithoutCancel(ctx))
		},
	} {
		for n := int32(1); ; n++ {
			parent, cancel := context.WithCancelCause(t.Context())
			var ctx context.Context
			var seen []string
			see := func() {
				if ctx != nil && ctx.Err() != nil {
					seen = append(seen, fmt.Sprint(ctx.Err(), "/", context.Cause(ctx)))
				}
			}
			base := &overtaken{Context: parent}
			base.n.Store(n)
			base.happen = func() { cancel(errGone); see() }
			_ = scope.Run(base, func(in context.Context, s *scope.Scope) error {
				ctx = in
				see()
				return body(in, s)
			})
			see()
			for _, s := range seen {
				if s != seen[0] {
					t.Errorf("%s, overtaken at the call %d of Err: %q", how, n, seen)
					break
				}
			}
			if base.n.Load() > 0 {
				break // it is never asked as often
			}
		}
	}
}
