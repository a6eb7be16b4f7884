package trace

import "encoding/json"

type snapshotJSON struct {
	Name     string       `json:"name"`
	Path     string       `json:"path"`
	State    string       `json:"state"`
	Since    milliseconds `json:"since_ms"`
	Error    string       `json:"error,omitempty"`
	Schedule string       `json:"schedule,omitempty"`
	Grace    milliseconds `json:"grace_ms,omitzero"`
	Left     milliseconds `json:"left_ms,omitzero"`
	Items    []itemJSON   `json:"items"`
	Children []Snapshot   `json:"children"`
}

type itemJSON struct {
	Kind      string       `json:"kind"`
	Name      string       `json:"name"`
	State     string       `json:"state"`
	Age       milliseconds `json:"age_ms"`
	Count     int          `json:"count,omitempty"`
	Waited    milliseconds `json:"waited_ms,omitzero"`
	DependsOn []string     `json:"depends_on,omitempty"`
	Wave      int          `json:"wave"`
}

// MarshalJSON returns s as an object with lower-case keys; durations are
// milliseconds, with a fraction, under keys that end in _ms. Items and children
// are lists even when they are empty.
func (s Snapshot) MarshalJSON() ([]byte, error) {
	j := snapshotJSON{
		Name: s.Name, Path: s.Path, State: s.State, Since: milliseconds(s.Since), Error: s.Error,
		Schedule: s.Schedule, Grace: milliseconds(s.Grace), Left: milliseconds(s.Left),
		Items:    make([]itemJSON, len(s.Items)),
		Children: append([]Snapshot{}, s.Children...),
	}
	for i, it := range s.Items {
		j.Items[i] = itemJSON{it.Kind, it.Name, it.State, milliseconds(it.Age), it.counted(), milliseconds(it.Waited), it.DependsOn, it.Wave}
	}
	return json.Marshal(j)
}
