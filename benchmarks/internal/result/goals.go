package result

import "fmt"

// A Goal is a row of the table: something that is measured, and what it should
// come to.
type Goal struct {
	Scenario, What string

	of     []Quantity
	f      func(v []float64) float64
	format string // of a number
	limit  float64
	least  bool // the limit is from below
	shown  bool // there is no limit
}

func ratio(v []float64) float64 { return v[0] / v[1] }
func same(v []float64) float64  { return v[0] }

const times = "%.2f ×"

// against is the goal that unit of one side of a benchmark is at most limit
// times that of another.
func against(scenario, benchmark, side, other, unit string, limit float64) Goal {
	return Goal{
		Scenario: scenario, What: fmt.Sprintf("%s / %s", side, other),
		of: []Quantity{{benchmark + "/side=" + side, unit}, {benchmark + "/side=" + other, unit}},
		f:  ratio, format: times, limit: limit,
	}
}

// absolute is the goal that a number is at most limit.
func absolute(scenario, what, name, unit, format string, limit float64) Goal {
	return Goal{
		Scenario: scenario, What: what, of: []Quantity{{name, unit}}, f: same, format: format, limit: limit,
	}
}

// atLeast turns the limit round.
func atLeast(g Goal) Goal { g.least = true; return g }

// Goals returns the rows in their order.
func Goals() []Goal {
	goals := []Goal{
		against("empty `scope.Run`", "Empty", "ebb", "context", "ns/op", 2),
		absolute("empty `scope.Run`", "allocations", "Empty/side=ebb", "allocs/op", "%.0f", 5),
	}
	for _, r := range []struct {
		tasks int
		limit float64
	}{{0, 0.6}, {1, 0.8}, {4, 1}} {
		goals = append(goals, against(fmt.Sprintf("request: 3 guards, %d tasks", r.tasks),
			fmt.Sprintf("Request/guards=3/tasks=%d", r.tasks), "ebb", "errgroup", "ns/op", r.limit))
	}
	allocs := against("request: 3 guards, 4 tasks", "Request/guards=3/tasks=4", "ebb", "errgroup", "allocs/op", 1)
	allocs.What = "allocations, " + allocs.What
	goals = append(goals, allocs,
		against("request: nested Run with 2 guards", "Nested", "nested", "flat", "ns/op", 2),
		against("request: child with 2 guards", "Nested", "child", "flat", "ns/op", 2),
	)
	for _, n := range []struct {
		text  string
		n     int
		limit float64
	}{{"10", 10, 0}, {"1k", 1_000, 0.5}, {"100k", 100_000, 0.5}, {"1M", 1_000_000, 0.5}} {
		g := against("flat teardown, "+n.text+" no-op guards", fmt.Sprintf("Flat/guards=%d", n.n), "ebb", "errgroup", "ns/op", n.limit)
		g.shown = n.limit == 0
		goals = append(goals, g)
	}
	goals = append(goals, Goal{
		Scenario: "flat teardown, per guard", What: "ebb, 1M / 1k", f: ratio, format: times, limit: 1.5,
		of: []Quantity{{"Flat/guards=1000000/side=ebb", "ns/guard"}, {"Flat/guards=1000/side=ebb", "ns/guard"}},
	})
	for _, n := range []struct {
		text string
		n    int
	}{{"10k", 10_000}, {"100k", 100_000}} {
		goals = append(goals,
			against("flat teardown, "+n.text+" guards that block 10 ms", fmt.Sprintf("Blocking/guards=%d", n.n), "ebb", "errgroup", "ns/op", 1.15))
		memory := against("peak memory, "+n.text+" guards that all block", fmt.Sprintf("Peak/guards=%d", n.n), "ebb", "errgroup", "peak-B/guard", 1.1)
		total := against("the same with the service itself", fmt.Sprintf("Peak/guards=%d", n.n), "ebb", "errgroup", "total-B/guard", 1.1)
		total.shown = true
		goals = append(goals, memory, total)
	}
	goals = append(goals,
		absolute("200 random DAGs", "ebb, Waves / sum of wave maxima", "DAG/side=ebb", "x-bound", "%.3f ×", 1.03),
		absolute("200 random DAGs", "ebb, Eager / critical path", "DAG/side=ebb-eager", "x-bound", "%.3f ×", 1.03),
	)
	for _, p := range []struct{ side, what string }{
		{"ebb", "ebb, Waves"}, {"errgroup", "errgroup per wave"}, {"naive", "naive walker"}, {"do", "do"}, {"fx", "fx"}, {"defers", "one by one"},
	} {
		g := absolute("200 random DAGs, against the critical path", p.what, "DAG/side="+p.side, "x-path", times, 0)
		g.shown = true
		goals = append(goals, g)
	}
	for _, p := range []struct{ side, what string }{
		{"ebb", "ebb, Waves / sum of wave maxima"}, {"errgroup", "errgroup per wave / sum of wave maxima"},
		{"ebb-eager", "ebb, Eager / critical path"}, {"naive", "naive walker / critical path"},
	} {
		g := absolute("200 random DAGs, if sleeps took what they are asked to", p.what, "DAG/side="+p.side, "x-asked", "%.3f ×", 0)
		g.shown = true
		goals = append(goals, g)
	}
	growth := Goal{
		Scenario: "planning, per guard and its 5 edges", What: "ebb, 1M / 100k", f: ratio, format: times, shown: true,
		of: []Quantity{{"Plan/guards=1000000/side=group", "ns/guard"}, {"Plan/guards=100000/side=group", "ns/guard"}},
	}
	other := growth
	other.What = "gonum, 1M / 100k"
	other.of = []Quantity{{"Plan/guards=1000000/side=gonum", "ns/guard"}, {"Plan/guards=100000/side=gonum", "ns/guard"}}
	grown := func(side string) Goal {
		return absolute("a million children, heap grown", side+", bytes a child", "Children/side="+side, "heap-B/child", "%.2f", 1)
	}
	served := atLeast(against("HTTP on loopback, throughput", "HTTP", "scopehttp", "bare", "req/s", 0.97))
	served.shown = true
	return append(goals,
		against("planning: 1M guards, 5M edges", "Plan/guards=1000000", "group", "gonum", "ns/op", 0.25),
		growth, other,
		absolute("planning: 1M guards, 5M edges", "bytes per guard", "Plan/guards=1000000/side=group", "B/guard", "%.0f", 200),
		against("a million children, from 1 goroutine", "Children", "child-1", "run", "ns/child", 2),
		against("a million children, from 8 goroutines", "Children", "child-8", "run", "ns/child", 2),
		grown("child-1"), grown("child-8"),
		absolute("tracing, nothing configured", "allocations", "Tracing/side=off", "allocs/op", "%.0f", 0),
		Goal{
			Scenario: "tracing, nothing configured", What: "what it adds / request", f: ratio, format: "%.3f ×", limit: 0.03,
			of: []Quantity{{"Tracing/side=off", "ns/op"}, {"Tracing/side=none", "ns/op"}},
		},
		Goal{
			Scenario: "tracing, SDK batch processor", What: "what it adds / bare spans", format: times, limit: 1.25,
			f:  func(v []float64) float64 { return (v[0] - v[1]) / v[2] },
			of: []Quantity{{"Tracing/side=sdk", "ns/op"}, {"Tracing/side=none", "ns/op"}, {"Tracing/side=bare", "ns/op"}},
		},
		atLeast(against("HTTP on loopback, throughput", "HTTP", "scope", "bare", "req/s", 0.97)),
		served,
		against("HTTP on loopback, p99", "HTTP", "scope", "bare", "p99-ns", 1.05),
		absolute("`Handle.Value`", "ns", "Handle/side=value", "ns/op", "%.1f", 2),
		absolute("`Handle.Use` outside an acquire", "ns", "Handle/side=use", "ns/op", "%.1f", 20),
	)
}

// Limit says the goal, "≤ 0.50 ×", or "" where there is none.
func (g Goal) Limit() string {
	switch {
	case g.shown:
		return ""
	case g.least:
		return "≥ " + fmt.Sprintf(g.format, g.limit)
	}
	return "≤ " + fmt.Sprintf(g.format, g.limit)
}

// A Row is what was measured for a goal.
type Row struct {
	Goal
	Spread
	Err error // it was not measured
}

// Measured says the spread.
func (r Row) Measured() string {
	if r.Err != nil {
		return "not measured"
	}
	text := fmt.Sprintf(r.format, r.Median)
	if low, high := fmt.Sprintf(r.format, r.Min), fmt.Sprintf(r.format, r.Max); low != high {
		text += fmt.Sprintf(" (%s to %s)", low, high)
	}
	return text
}

// Verdict says whether the median reaches the goal: yes, no, or nothing.
func (r Row) Verdict() string {
	switch {
	case r.shown || r.Err != nil:
		return ""
	case r.least && r.Median >= r.limit, !r.least && r.Median <= r.limit:
		return "yes"
	}
	return "no"
}

// Rows measures all goals by s.
func (s *Set) Rows() []Row {
	var rows []Row
	for _, g := range Goals() {
		r := Row{Goal: g}
		r.Spread, r.Err = s.Spread(g.f, g.of...)
		rows = append(rows, r)
	}
	return rows
}
