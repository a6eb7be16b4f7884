package trace

// Plan is the teardown of a scope as it would run now. It is a copy: what the
// scope registers or drops later does not change it.
type Plan struct {
	Waves [][]PlanNode // in the order in which they are dropped
}

// PlanNode is one guard, daemon or child scope of a [Plan].
type PlanNode struct {
	Name      string
	Kind      string // guard, daemon or child
	Wave      int
	DependsOn []string // names of what it uses, which is dropped later
}

// Diff is the difference between a [Plan] and the [Report] of the teardown
// that followed.
type Diff struct {
	NotRun     []Change // planned, and not dropped: gone before, or skipped
	NotPlanned []Change // dropped, and not planned: registered later
	Moved      []Change // dropped in another wave than planned
}

// Change is one guard, daemon or child scope of a [Diff].
type Change struct {
	Name    string
	Kind    string
	Planned int    // its wave in the plan, -1 if it was not in it
	Ran     int    // its wave in the report, -1 if it is not in it
	Outcome string // from the report, empty if it is not in it
}

// Empty reports whether everything ran as planned.
func (d Diff) Empty() bool { return len(d.NotRun)+len(d.NotPlanned)+len(d.Moved) == 0 }
