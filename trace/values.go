package trace

import (
	"bufio"
	"errors"
	"fmt"
	"time"

	"github.com/ebb-go/ebb/internal/term"
)

// SlotValues is what became of the values of one slot, which come and go while the scope
// lives: those whose drop went wrong, as far as they were kept, and the newest. Dropped
// counts them all.
type SlotValues struct {
	Slot    string
	Dropped int
	Values  []DroppedValue // by the end of their drops
}

// DroppedValue is one value of a slot that was dropped.
type DroppedValue struct {
	Name           string // of the slot, with the number or key of the value
	Started, Ended time.Time
	Outcome        string // as that of an [Entry]
	Err            error  // nil when ok
}

// textValues writes the values of slots, a line for each.
func (r *Report) textValues(b *bufio.Writer, l textLayout) {
	for _, s := range r.Values {
		if s.Dropped == 0 {
			continue
		}
		fmt.Fprintf(b, "\n%sdropped of %s: %s\n", textIndent, term.Fit(s.Slot, l.cells/2), term.Plural(s.Dropped, "value"))
		for _, v := range s.Values {
			line := fmt.Sprintf("%s  %s %s %s", textIndent, v.Name, term.Short(between(v.Started, v.Ended)), v.Outcome)
			if v.Err != nil {
				line += ": " + term.Error(v.Err)
			}
			fmt.Fprintln(b, term.Fit(line, l.cells))
		}
		if more := s.Dropped - len(s.Values); more > 0 {
			fmt.Fprintf(b, "%s  and %d more\n", textIndent, more)
		}
	}
}

type valuesJSON struct {
	Slot    string      `json:"slot"`
	Dropped int         `json:"dropped"`
	Values  []valueJSON `json:"values"`
}

type valueJSON struct {
	Name    string `json:"name"`
	Started moment `json:"started"`
	Ended   moment `json:"ended"`
	Outcome string `json:"outcome"`
	Error   string `json:"error,omitempty"`
}

func slotsJSON(slots []SlotValues) (all []valuesJSON) {
	for _, s := range slots {
		j := valuesJSON{Slot: term.Word(s.Slot), Dropped: s.Dropped, Values: make([]valueJSON, 0, len(s.Values))}
		for _, v := range s.Values {
			j.Values = append(j.Values, valueJSON{
				term.Word(v.Name), moment{v.Started}, moment{v.Ended}, term.Word(v.Outcome), term.Bounded(term.Error(v.Err), term.MaxText),
			})
		}
		all = append(all, j)
	}
	return all
}

// slotValues is the way back.
func slotValues(all []valuesJSON) (slots []SlotValues) {
	for _, j := range all {
		s := SlotValues{Slot: j.Slot, Dropped: j.Dropped}
		for _, v := range j.Values {
			value := DroppedValue{Name: v.Name, Started: v.Started.Time, Ended: v.Ended.Time, Outcome: v.Outcome}
			if v.Error != "" {
				value.Err = errors.New(v.Error)
			}
			s.Values = append(s.Values, value)
		}
		slots = append(slots, s)
	}
	return slots
}
