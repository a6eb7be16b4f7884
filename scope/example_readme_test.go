package scope_test

import (
	"context"
	"fmt"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// resource is a resource that says when it is closed.
type resource string

func (r resource) Close() error {
	fmt.Println("close", string(r))
	return nil
}

// Example_readme is the program of the README, which a test of internal/layers
// compares with this whole file.
func Example_readme() {
	err := scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		db, err := scope.Acquire(ctx, s, "postgres", func(context.Context) (resource, error) {
			return "postgres", nil // open it here
		}, guard.Close)
		if err != nil {
			return err // what was acquired so far is dropped
		}
		_, err = scope.Acquire(ctx, s, "cache", func(ctx context.Context) (resource, error) {
			return "cache over " + db.Use(ctx), nil // using db here records the edge cache -> postgres
		}, guard.Close)
		if err != nil {
			return err
		}
		s.Go("warm-up", func(context.Context) error {
			fmt.Println("warm up") // the exit waits for it
			return nil
		})
		return nil
	}, scope.WithName("orders"))
	fmt.Println("error:", err)
	// Output:
	// warm up
	// close cache over postgres
	// close postgres
	// error: <nil>
}
