package group

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

type run struct {
	*plan
	graph *Graph
	out   []Outcome
}

func (r *run) do(ctx context.Context, opts []Option) []Outcome {
	for w, end := range r.ends {
		var eg errgroup.Group
		for pos := r.start(w); pos < end; pos++ {
			eg.Go(func() error {
				o := &r.out[pos]
				o.Started = time.Now()
				o.Err = o.Node.dropper.Drop(ctx)
				o.Ended = time.Now()
				o.Outcome = "ok"
				if o.Err != nil {
					o.Outcome = "error"
				}
				return nil
			})
		}
		_ = eg.Wait()
	}
	if !r.graph.closed {
		for _, o := range r.out {
			r.graph.retire(o.Node)
		}
	}
	return r.out
}
