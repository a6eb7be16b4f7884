package trace

import (
	"time"

	"github.com/ebb-go/ebb/internal/term"
)

// drainJSON is a drain on its way out and back.
type drainJSON struct {
	Started moment          `json:"started,omitzero"`
	Ended   moment          `json:"ended,omitzero"`
	Took    milliseconds    `json:"took_ms"`
	Items   []drainItemJSON `json:"items"`
}

// drainItemJSON is an item of a drain; what it counted none of is left out.
type drainItemJSON struct {
	Name      string       `json:"name"`
	Kind      string       `json:"kind"`
	Ended     int          `json:"ended,omitempty"`
	Canceled  int          `json:"canceled,omitempty"`
	Abandoned int          `json:"abandoned,omitempty"`
	Refused   int          `json:"refused,omitempty"`
	Running   int          `json:"running,omitempty"`
	Oldest    milliseconds `json:"oldest_ms,omitzero"`
}

// json returns nil for the zero Drain, which is left out.
func (d Drain) json() *drainJSON {
	if d.isZero() {
		return nil
	}
	j := &drainJSON{moment{d.Started}, moment{d.Ended}, milliseconds(d.Took()), make([]drainItemJSON, len(d.Items))}
	for i, it := range d.Items {
		j.Items[i] = drainItemJSON{term.Word(it.Name), term.Word(it.Kind), it.Ended, it.Canceled, it.Abandoned, it.Refused, it.Running, milliseconds(it.Oldest)}
	}
	return j
}

// drain is the way back. A nil j, which is a report without the key, is the zero Drain.
func (j *drainJSON) drain() Drain {
	if j == nil {
		return Drain{}
	}
	d := Drain{Started: j.Started.Time, Ended: j.Ended.Time}
	for _, it := range j.Items {
		d.Items = append(d.Items, DrainItem{it.Name, it.Kind, it.Ended, it.Canceled, it.Abandoned, it.Refused, it.Running, time.Duration(it.Oldest)})
	}
	return d
}
