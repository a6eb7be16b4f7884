package scope_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/ebb-go/ebb/scope"
)

// TestFinalName: it is in effect from the end of the body on, in the scope and below;
// an empty one, and one that did not come, leave the name as it is.
func TestFinalName(t *testing.T) {
	for _, tt := range []struct {
		final func() string
		want  string
	}{
		{func() string { return "found" }, "svc/found"},
		{func() string { return "" }, "svc/req"},
		{func() string { panic("mad") }, "svc/req"},
		{func() string { runtime.Goexit(); return "x" }, "svc/req"},
	} {
		var j journal
		err := scope.Run(t.Context(), func(ctx context.Context, _ *scope.Scope) error {
			return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				j.add(s.Path())
				c := must(s.Child("c"))
				_ = must(scope.Defer(c, "g", func(context.Context) error { j.add(c.Path()); return errBoom }))
				return nil
			}, scope.WithName("req"), scope.WithFinalName(tt.final))
		}, scope.WithName("svc"), new(logs).with())
		j.want(t, "svc/req", tt.want+"/c")
		wantText(t, err, `scope "`+tt.want+`": drop "c" (wave 0): scope "`+tt.want+`/c": drop "g" (wave 0): boom`)
	}
	err := scope.Run(t.Context(), func(_ context.Context, s *scope.Scope) error {
		_, err := s.Child("c", scope.WithFinalName(func() string { return "x" }))
		return err
	})
	if err == nil {
		t.Error("a child takes WithFinalName")
	}
	if _, err := scope.Open(t.Context(), scope.WithFinalName(func() string { return "x" })); err == nil {
		t.Error("Open takes WithFinalName")
	}
}

// What a call is becomes known when it is decoded.
func ExampleWithFinalName() {
	method := ""
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		method = "orders.Place"
		_, err := scope.Defer(s, "tx", func(context.Context) error {
			fmt.Println(s.Path())
			return nil
		})
		return err
	}, scope.WithName("call"), scope.WithFinalName(func() string { return method }))
	fmt.Println(err)
	// Output:
	// orders.Place
	// <nil>
}
