package main

import (
	"context"
	"errors"
	"slices"
	"testing"
)

func testProjection(t *testing.T, p pipeline) *projection {
	t.Helper()
	projected, err := openProjection(t.Context(), p.db, p.stream)
	if err != nil {
		t.Fatal(err)
	}
	return projected
}

func invoices(t *testing.T, p pipeline) []string {
	t.Helper()
	numbers, err := column[string](t.Context(), p.db, `SELECT number FROM invoices ORDER BY position`)
	if err != nil {
		t.Fatal(err)
	}
	return numbers
}

func TestProjectionGoesToTheEndBeforeItStops(t *testing.T) {
	p := testPipeline(t)
	const n = projectBatch*2 + 1
	if err := p.stream.publish(t.Context(), eventsNo(1, n)); err != nil {
		t.Fatal(err)
	}
	if err := testProjection(t, p).run(t.Context(), closed()); err != nil {
		t.Fatal(err)
	}
	if got := len(invoices(t, p)); got != n {
		t.Errorf("%d invoices, want %d", got, n)
	}
	if total := count(t, p.db, `SELECT total FROM invoices WHERE number = 'W-7'`); total != 2400 {
		t.Errorf("a total of %d, want 2400", total)
	}
}

func TestProjectionGoesOnWhereItWas(t *testing.T) {
	p := testPipeline(t)
	for _, to := range []int{3, 3, 5} { // nothing new, the second time
		if err := p.stream.publish(t.Context(), eventsNo(1, to)); err != nil {
			t.Fatal(err)
		}
		projected := testProjection(t, p)
		if err := projected.run(t.Context(), closed()); err != nil {
			t.Fatal(err)
		}
		if projected.position != int64(to) {
			t.Errorf("at %d, want %d", projected.position, to)
		}
	}
	if got, want := invoices(t, p), []string{"W-1", "W-2", "W-3", "W-4", "W-5"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// The stream has forgotten the ids of the first two, say because they are
// older than its window; the table has not.
func TestProjectionTakesAnOrderOnce(t *testing.T) {
	p := testPipeline(t)
	for range 2 {
		if err := p.stream.publish(t.Context(), eventsNo(1, 2)); err != nil {
			t.Fatal(err)
		}
		if err := testProjection(t, p).run(t.Context(), closed()); err != nil {
			t.Fatal(err)
		}
		renumbered := eventsNo(1, 2)
		renumbered[0].Seq, renumbered[1].Seq = 11, 12
		if err := p.stream.publish(t.Context(), renumbered); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := invoices(t, p), []string{"W-1", "W-2"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestProjectionRefusesWhatIsNoEvent(t *testing.T) {
	p := testPipeline(t)
	if _, err := p.stream.js.Publish(t.Context(), subject, []byte("no event")); err != nil {
		t.Fatal(err)
	}
	projected := testProjection(t, p)
	if err := projected.run(t.Context(), closed()); err == nil {
		t.Fatal("projected it")
	}
	if projected.position != 0 {
		t.Errorf("went past it, to %d", projected.position)
	}
}

func TestProjectionEndsWithItsContext(t *testing.T) {
	p := testPipeline(t)
	projected := testProjection(t, p)
	cause := errors.New("time is up")
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- projected.run(ctx, ctx.Done()) }()
	cancel(cause)
	if err := <-ended; err == nil {
		t.Error("said that it had come to the end")
	}
}
