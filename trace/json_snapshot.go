package trace

import (
	"encoding/json"
	"time"

	"github.com/ebb-go/ebb/internal/dag"
	"github.com/ebb-go/ebb/internal/term"
)

// Package json checks and compacts again what a MarshalJSON method returns, and
// looks for the end of what an UnmarshalJSON method gets. Where a type has itself
// inside, that happens at each level, and the work grows with the square of the
// depth. So a snapshot is turned into a tree of a type without methods, which is
// written, or read, in one go.

// snapshotJSON is a snapshot on its way out and back, children and all.
type snapshotJSON struct {
	Name     string         `json:"name"`
	Path     string         `json:"path"`
	State    string         `json:"state"`
	Since    milliseconds   `json:"since_ms"`
	Error    string         `json:"error,omitempty"`
	Schedule string         `json:"schedule,omitempty"`
	Grace    milliseconds   `json:"grace_ms,omitzero"`
	Left     milliseconds   `json:"left_ms,omitzero"`
	Items    []itemJSON     `json:"items"`
	Lists    [][]string     `json:"lists,omitempty"`
	Children []snapshotJSON `json:"children"`
}

// itemJSON is an item of a snapshot. A count of one is left out, as it is in texts.
type itemJSON struct {
	Kind      string       `json:"kind"`
	Name      string       `json:"name"`
	State     string       `json:"state"`
	Age       milliseconds `json:"age_ms"`
	Count     int          `json:"count,omitempty"`
	Waited    milliseconds `json:"waited_ms,omitzero"`
	DependsOn []string     `json:"depends_on,omitempty"`
	First     *firstJSON   `json:"depends_on_first,omitempty"`
	Wave      int          `json:"wave"`
}

// MarshalJSON returns s as an object with lower-case keys; durations are
// milliseconds, with a fraction, under keys that end in _ms. Items and children
// are lists even when they are empty; edges are as in [Report.MarshalJSON].
func (s Snapshot) MarshalJSON() ([]byte, error) { return json.Marshal(s.json()) }

// UnmarshalJSON reads what [Snapshot.MarshalJSON] wrote.
func (s *Snapshot) UnmarshalJSON(data []byte) error {
	var j snapshotJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*s = j.snapshot()
	return nil
}

// json is the tree of s.
func (s *Snapshot) json() snapshotJSON {
	j := snapshotJSON{
		Name: term.Word(s.Name), Path: term.Word(s.Path), State: term.Word(s.State), Since: milliseconds(s.Since), Error: term.Bounded(s.Error, term.MaxText),
		Schedule: term.Word(s.Schedule), Grace: milliseconds(s.Grace), Left: milliseconds(s.Left),
		Items:    make([]itemJSON, len(s.Items)),
		Children: make([]snapshotJSON, len(s.Children)),
	}
	edges := dag.EdgesOf(len(s.Items), func(i int) []string { return s.Items[i].DependsOn })
	j.Lists = listsJSON(&edges)
	for i, it := range s.Items {
		deps, first := edgesJSON(&edges, i, it.DependsOn)
		j.Items[i] = itemJSON{term.Word(it.Kind), term.Word(it.Name), term.Word(it.State), milliseconds(it.Age), it.counted(), milliseconds(it.Waited), deps, first, it.Wave}
	}
	for i := range s.Children {
		j.Children[i] = s.Children[i].json()
	}
	return j
}

// snapshot is the way back. Empty lists come back as nil.
func (j *snapshotJSON) snapshot() Snapshot {
	s := Snapshot{
		Name: j.Name, Path: j.Path, State: j.State, Since: time.Duration(j.Since), Error: j.Error,
		Schedule: j.Schedule, Grace: time.Duration(j.Grace), Left: time.Duration(j.Left),
	}
	for _, it := range j.Items {
		s.Items = append(s.Items, SnapshotItem{it.Kind, it.Name, it.State, time.Duration(it.Age), it.Count, time.Duration(it.Waited), it.First.of(j.Lists, it.DependsOn), it.Wave})
	}
	for i := range j.Children {
		s.Children = append(s.Children, j.Children[i].snapshot())
	}
	return s
}
