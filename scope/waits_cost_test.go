package scope_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ebb-go/ebb/internal/cputime"
	"github.com/ebb-go/ebb/scope"
)

// TestWaitsCostLittle: tasks that await one another in a line, each the one before,
// cost about in proportion to their number, in whatever order they come to it. The bound
// is wide; a search along the line for each exceeds it by far.
func TestWaitsCostLittle(t *testing.T) {
	const n = 500 / scale
	for _, order := range []string{"forward", "backward", "mixed"} {
		line := func(n int) func() time.Duration {
			return func() time.Duration { return lineOfTasks(t, order, n) }
		}
		took := cputime.Least(line(n), line(20*n))
		if took[1] > 200*took[0] {
			t.Errorf("%s: %v for %d tasks, %v for %d", order, took[0], n, took[1], 20*n)
		}
	}
}

// lineOfTasks returns how much n tasks cost that each await the one before.
func lineOfTasks(t *testing.T, order string, n int) (took time.Duration) {
	t.Helper()
	inScope(t, func(ctx context.Context, s *scope.Scope) {
		end, begin := make(chan struct{}), make([]chan struct{}, n)
		tasks := make([]*scope.Task[int], n)
		var waiting sync.WaitGroup
		waiting.Add(n)
		for k := range tasks {
			begin[k] = make(chan struct{})
			tasks[k] = scope.Async(s, "t", func(ctx context.Context) (int, error) {
				<-begin[k]
				waiting.Done()
				if k == 0 {
					<-end
					return 1, nil
				}
				<-begin[k-1] // which is a task by then
				return tasks[k-1].Await(ctx)
			})
		}
		places := make([]int, n)
		for k := range places {
			places[k] = k
		}
		switch order {
		case "backward":
			slices.Reverse(places)
		case "mixed":
			rand.New(rand.NewPCG(1, 2)).Shuffle(n, func(a, b int) { places[a], places[b] = places[b], places[a] })
		}
		from := cputime.Now()
		for _, k := range places {
			close(begin[k])
		}
		waiting.Wait()
		close(end)
		_, _ = tasks[n-1].Await(ctx)
		took = cputime.Since(from)
	})
	return took
}
