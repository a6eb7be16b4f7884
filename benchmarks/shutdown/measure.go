package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ebb-go/ebb/benchmarks"
	"github.com/ebb-go/ebb/scope"
)

// A Result is what one schedule took.
type Result struct {
	Schedule scope.Schedule
	Took     []time.Duration // by round
	Least    []time.Duration // by round: what it cannot be faster than, with no limit on the drops
}

// Median is that of the rounds.
func (r Result) Median() time.Duration { return median(r.Took) }

// Bound is the median of the least times.
func (r Result) Bound() time.Duration { return median(r.Least) }

func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	n := len(d)
	return (d[(n-1)/2] + d[n/2]) / 2
}

// A Measurement is all that was found out about a service.
type Measurement struct {
	Service *Service
	Results []Result
	Path    []string // the critical path of the first round, the first to drop first
}

// Measure shuts the service down by each schedule, rounds times in turns. Drops
// sleep; scale shortens or lengthens all of them.
func Measure(ctx context.Context, s *Service, rounds int, scale float64, seed uint64) (*Measurement, error) {
	m := &Measurement{Service: s}
	for _, schedule := range []scope.Schedule{scope.Eager, scope.Waves, scope.Sequential} {
		m.Results = append(m.Results, Result{Schedule: schedule})
	}
	r := rand.New(rand.NewPCG(seed, 0))
	for round := range rounds {
		units, times := s.units(r, scale)
		if round == 0 {
			m.Path = criticalPath(units, times)
		}
		least := benchmarks.BoundsOf(units, times)
		for i := range m.Results {
			// The one that begins is another in each round.
			k := (i + round) % len(m.Results)
			result := &m.Results[k]
			took, err := shutdown(ctx, s, units, result.Schedule)
			if err != nil {
				return nil, err
			}
			result.Took = append(result.Took, took)
			result.Least = append(result.Least, bound(least, result.Schedule))
		}
	}
	return m, nil
}

func bound(b benchmarks.Bounds, s scope.Schedule) time.Duration {
	switch s {
	case scope.Eager:
		return b.Path
	case scope.Waves:
		return b.Waves
	}
	return b.Sum
}

// units draws the times of the drops.
func (s *Service) units(r *rand.Rand, scale float64) ([]benchmarks.Unit, []time.Duration) {
	at := make(map[string]int, len(s.Guards))
	units, times := make([]benchmarks.Unit, len(s.Guards)), make([]time.Duration, len(s.Guards))
	for i, g := range s.Guards {
		at[g.Name] = i
		took := time.Duration(float64(g.Drop.draw(r)) * scale)
		times[i] = took
		units[i] = benchmarks.Unit{Name: g.Name, Drop: func(ctx context.Context) error {
			select {
			case <-time.After(took):
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}}
		for _, u := range g.Uses {
			units[i].Uses = append(units[i].Uses, at[u])
		}
	}
	return units, times
}

// shutdown builds the service, and returns how long it took from the end of its
// body to the end of Run.
func shutdown(ctx context.Context, s *Service, units []benchmarks.Unit, schedule scope.Schedule) (time.Duration, error) {
	var began time.Time
	err := benchmarks.Teardown(ctx, units, func() { began = time.Now() },
		scope.WithName(s.Name), scope.WithSchedule(schedule), scope.WithDropLimit(s.Limit))
	took := time.Since(began)
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("schedule %s: %w", schedule, err)
	}
	return took, nil
}

// criticalPath names the chain of drops that no schedule can be faster than.
func criticalPath(units []benchmarks.Unit, times []time.Duration) []string {
	end := make([]time.Duration, len(units))
	by := make([]int, len(units)) // the user that ended last, and one more; 0: none
	last := 0
	for i := len(units) - 1; i >= 0; i-- {
		end[i] += times[i] // so far the end of the last of its users
		if end[i] > end[last] || i == len(units)-1 {
			last = i
		}
		for _, d := range units[i].Uses {
			if end[i] > end[d] {
				end[d], by[d] = end[i], i+1
			}
		}
	}
	var path []string
	for i := last; ; i = by[i] - 1 {
		path = append(path, units[i].Name)
		if by[i] == 0 {
			slices.Reverse(path)
			return path
		}
	}
}
