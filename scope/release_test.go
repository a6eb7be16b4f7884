package scope_test

import (
	"context"
	"slices"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// TestReleaseWhileBorrowed: a borrowed value is not handed out, and stays where it
// was.
func TestReleaseWhileBorrowed(t *testing.T) {
	var j journal
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		h := must(scope.Acquire(ctx, s, "db", opens("db"), func(context.Context, string) error { j.add("dropped"); return nil }))
		err := h.Borrow(ctx, func(context.Context, string) error {
			_, err := h.Release()
			wantIs(t, err, guard.ErrInUse)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if got := live(s); !slices.Equal(got, []string{"db"}) {
			t.Errorf("after a refused Release the scope holds %q", got)
		}
	})
	j.want(t, "dropped")
}
