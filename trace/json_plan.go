package trace

import (
	"encoding/json"

	"github.com/ebb-go/ebb/internal/dag"
	"github.com/ebb-go/ebb/internal/term"
)

// planJSON is a plan, wave by wave. The lists are those of all its waves.
type planJSON struct {
	Waves [][]planNodeJSON `json:"waves"`
	Lists [][]string       `json:"lists,omitempty"`
}

// planNodeJSON is a node of a plan. Its edges are names, or the beginning of a list.
type planNodeJSON struct {
	Name      string     `json:"name"`
	Kind      string     `json:"kind"`
	Wave      int        `json:"wave"`
	DependsOn []string   `json:"depends_on,omitempty"`
	First     *firstJSON `json:"depends_on_first,omitempty"`
}

// MarshalJSON returns p as {"waves": [[node, ...], ...]}, a node having the
// keys name, kind, wave and depends_on, or depends_on_first as in
// [Report.MarshalJSON].
func (p Plan) MarshalJSON() ([]byte, error) {
	var nodes []PlanNode
	for _, wave := range p.Waves {
		nodes = append(nodes, wave...)
	}
	edges := dag.EdgesOf(len(nodes), func(i int) []string { return nodes[i].DependsOn })
	j := planJSON{Waves: make([][]planNodeJSON, len(p.Waves)), Lists: listsJSON(&edges)}
	at := 0
	for i, wave := range p.Waves {
		j.Waves[i] = make([]planNodeJSON, len(wave))
		for k, n := range wave {
			deps, first := edgesJSON(&edges, at, n.DependsOn)
			j.Waves[i][k] = planNodeJSON{term.Word(n.Name), term.Word(n.Kind), n.Wave, deps, first}
			at++
		}
	}
	return json.Marshal(j)
}

// diffJSON is a diff. Its lists are there when they are empty.
type diffJSON struct {
	NotRun     []changeJSON `json:"not_run"`
	NotPlanned []changeJSON `json:"not_planned"`
	Moved      []changeJSON `json:"moved"`
}

// changeJSON is a change. Wave 0 is a wave, so a wave that is missing is a nil
// pointer.
type changeJSON struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Planned *int   `json:"planned,omitempty"`
	Ran     *int   `json:"ran,omitempty"`
	Outcome string `json:"outcome,omitempty"`
}

// MarshalJSON returns d as an object of three lists, not_run, not_planned and
// moved. The keys planned and ran of a change are waves, and missing where it
// was in none.
func (d Diff) MarshalJSON() ([]byte, error) {
	return json.Marshal(diffJSON{changesJSON(d.notRun), changesJSON(d.notPlanned), changesJSON(d.moved)})
}

// changesJSON returns a list that is empty rather than null.
func changesJSON(changes []change) []changeJSON {
	list := make([]changeJSON, len(changes))
	for i, c := range changes {
		list[i] = changeJSON{Name: term.Word(c.name), Kind: term.Word(c.kind), Outcome: term.Word(c.outcome)}
		if c.planned >= 0 {
			list[i].Planned = &changes[i].planned
		}
		if c.ran >= 0 {
			list[i].Ran = &changes[i].ran
		}
	}
	return list
}
