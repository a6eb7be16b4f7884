// Package schedule names the schedules of a teardown and knows their two traits:
// whether the drops run in waves, and whether they run in a line. What a report
// or a span has to know of a schedule is these traits. How a schedule runs drops
// is in internal/engine.
//
// A further schedule needs a constant and a row of the table here, and a row of
// the engine's table.
package schedule

// A Schedule says when a node may be dropped, given that its dependents have
// been. The zero value is [Waves].
type Schedule uint8

const (
	Waves      Schedule = iota // wave k+1 starts when wave k has ended
	Eager                      // a node is dropped as soon as its last dependent has ended
	Sequential                 // one at a time; respects the edges and otherwise reverses registration
)

// table has a row for every schedule. It is never written.
var table = [...]struct {
	name        string
	waves, line bool
}{
	Waves:      {name: "waves", waves: true},
	Eager:      {name: "eager"},
	Sequential: {name: "sequential", line: true},
}

// All returns the schedules.
func All() []Schedule {
	all := make([]Schedule, len(table))
	for i := range all {
		all[i] = Schedule(i)
	}
	return all
}

// Of returns the schedule with that name. A word that names none is read as
// [Waves], as the report of an unknown version has to be drawn somehow.
func Of(name string) Schedule {
	for i := range table {
		if table[i].name == name {
			return Schedule(i)
		}
	}
	return Waves
}

// Valid reports whether s is one of the schedules.
func (s Schedule) Valid() bool { return int(s) < len(table) }

// String returns the name, which is one lower-case word, or "unknown".
func (s Schedule) String() string {
	if !s.Valid() {
		return "unknown"
	}
	return table[s].name
}

// HasWaves reports whether a drop waits for all drops of the waves before its
// own, so that the waves of a teardown have a beginning and an end.
func (s Schedule) HasWaves() bool { return s.Valid() && table[s].waves }

// IsLine reports whether a drop waits for the end of every drop before it, so
// that the order in which drops begin is one line.
func (s Schedule) IsLine() bool { return s.Valid() && table[s].line }
