package benchmarks

import (
	"context"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// Ebb is this project: a scope with the given schedule.
func Ebb(schedule scope.Schedule) Peer {
	name, opts := "ebb", []scope.Option(nil)
	if schedule != scope.Waves {
		name, opts = "ebb-"+schedule.String(), []scope.Option{scope.WithSchedule(schedule)}
	}
	return Peer{
		Name: name,
		Teardown: func(ctx context.Context, units []Unit, built func()) error {
			return Teardown(ctx, units, built, opts...)
		},
		Request: ebbRequest,
	}
}

// Teardown is [Peer.Teardown] by a scope with opts.
func Teardown(ctx context.Context, units []Unit, built func(), opts ...scope.Option) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		if err := register(s, units); err != nil {
			return err
		}
		built()
		return nil
	}, opts...)
}

// register makes each unit a guard of s. DependsOn is left out where there is
// nothing to say, as a user would.
func register(s *scope.Scope, units []Unit) error {
	handles := make([]scope.Node, len(units))
	for i, u := range units {
		var opts []scope.GuardOption
		if len(u.Uses) > 0 {
			deps := make([]scope.Node, len(u.Uses))
			for j, d := range u.Uses {
				deps[j] = handles[d]
			}
			opts = append(opts, scope.DependsOn(deps...))
		}
		h, err := scope.Defer(s, u.Name, u.Drop, opts...)
		if err != nil {
			return err
		}
		handles[i] = h
	}
	return nil
}

func ebbRequest(ctx context.Context, r Request) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		for _, name := range r.Guards {
			if _, err := scope.Acquire(ctx, s, name, r.Open, r.Drop); err != nil {
				return err
			}
		}
		for _, name := range r.Tasks {
			s.Go(name, r.Task)
		}
		return nil
	})
}

// ebbNested is ebbRequest in a scope inside of the request's.
func ebbNested(ctx context.Context, r Request) error {
	return scope.Run(ctx, func(ctx context.Context, _ *scope.Scope) error { return ebbRequest(ctx, r) })
}

// ebbChild is ebbNested with a child that is not bound to a function.
func ebbChild(ctx context.Context, r Request) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		c, err := s.Child("child")
		if err != nil {
			return err
		}
		for _, name := range r.Guards {
			if _, err := scope.Acquire(ctx, c, name, r.Open, r.Drop); err != nil {
				return err
			}
		}
		return c.Close(ctx)
	})
}

// ebbHandler is what a handler does that holds one value while it answers.
func ebbHandler(ctx context.Context, answer func(v int) error) error {
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		h, err := scope.Acquire(ctx, s, "value", openNothing, guard.Nothing)
		if err != nil {
			return err
		}
		return answer(h.Value())
	})
}

func openNothing(context.Context) (int, error) { return 1, nil }
