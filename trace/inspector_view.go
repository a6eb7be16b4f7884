package trace

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/term"
)

const (
	// patience is how long a request waits for the answers of all sources.
	patience = time.Second
	// leastPatience is what each source gets of it, however long the others took.
	leastPatience = 10 * time.Millisecond
)

// view is what the page shows, at one instant.
type view struct {
	now       time.Time
	scopes    []shown
	teardowns []kept // newest first
}

// shown is a root scope in a view.
type shown struct {
	id uint64
	Snapshot
}

// view asks each source for its snapshot. A source that fails, or does not answer
// while there is time for all, is shown as one that does not.
func (i *Inspector) view() view {
	sources, teardowns := i.watching()
	v := view{now: time.Now(), teardowns: teardowns, scopes: make([]shown, 0, len(sources))}
	for _, s := range sources {
		var got Snapshot
		left := max(leastPatience, patience-time.Since(v.now))
		if err := fault.Within(left, func() { got = s.source.Snapshot() }); err != nil {
			// got stays as it is: a source that is stuck may write it yet.
			v.scopes = append(v.scopes, shown{s.id, Snapshot{
				Name: fmt.Sprint("scope ", s.id), State: "unknown", Error: "Snapshot: " + fault.Text(err),
			}})
			continue
		}
		v.scopes = append(v.scopes, shown{s.id, got})
	}
	return v
}

// writeText writes the scopes as trees, then a line for each teardown that is kept.
func (v view) writeText(w io.Writer) error {
	for _, s := range v.scopes {
		if err := s.WriteText(w); err != nil {
			return err
		}
	}
	for _, k := range v.teardowns {
		if _, err := fmt.Fprintln(w, k.line()); err != nil {
			return err
		}
	}
	return nil
}

// viewJSON is a view for programs. Both lists are there when they are empty.
type viewJSON struct {
	Scopes    []snapshotJSON `json:"scopes"`
	Teardowns []teardownJSON `json:"teardowns"` // newest first
}

// teardownJSON is the line of a teardown; the whole is under the number in report.
type teardownJSON struct {
	Report  uint64       `json:"report"` // its number, for ?report=
	Scope   string       `json:"scope"`
	Exit    string       `json:"exit"`
	Started moment       `json:"started"`
	Ended   moment       `json:"ended"`
	Took    milliseconds `json:"took_ms"`
	Drops   int          `json:"drops"`
	Waves   int          `json:"waves"`
	Failed  int          `json:"failed"`
	Cause   string       `json:"cause,omitempty"`
	Error   string       `json:"error,omitempty"`
}

// MarshalJSON is what ?format=json answers.
func (v view) MarshalJSON() ([]byte, error) {
	j := viewJSON{Scopes: make([]snapshotJSON, len(v.scopes)), Teardowns: make([]teardownJSON, len(v.teardowns))}
	for i, s := range v.scopes {
		j.Scopes[i] = s.json()
	}
	for i, k := range v.teardowns {
		j.Teardowns[i] = teardownJSON{
			Report: k.id, Scope: term.Word(k.report.Scope), Exit: term.Word(k.report.Exit), Cause: term.Bounded(k.report.Cause, term.MaxText),
			Started: moment{k.report.Started}, Ended: moment{k.report.Ended}, Took: milliseconds(k.took()),
			Drops: k.drops, Waves: k.waves, Failed: k.faults, Error: term.Bounded(k.report.Error, term.MaxText),
		}
	}
	return json.Marshal(j)
}

// title is the title of the window.
func (v view) title() string {
	for _, s := range v.news() {
		return term.Clean(s.path()) + " is " + term.Clean(s.State) + " · ebb"
	}
	return term.Plural(len(v.scopes), "scope") + " · ebb"
}

// status is a sentence about what is going on. It is read out whenever it
// changes, so it has no times in it.
func (v view) status() string {
	var parts []string
	news := v.news()
	for _, s := range news[:min(len(news), maxListed)] {
		part := bdi(s.path()) + " is " + text(term.Clean(s.State))
		if waits := s.waitsFor(); len(waits) > 0 {
			part += " and waits for " + waits[0].html()
			if more := len(waits) - 1; more > 0 {
				part += fmt.Sprintf(" and %s more", term.Thousands(more))
			}
		}
		parts = append(parts, part+".")
	}
	switch {
	case len(parts) > 0:
	case len(v.scopes) > 0:
		parts = append(parts, term.Plural(len(v.scopes), "scope")+", none is ending.")
	default:
		parts = append(parts, "No scope is running.")
	}
	if len(v.teardowns) > 0 {
		parts = append(parts, "Last torn down: "+v.teardowns[0].verdict())
	}
	return strings.Join(parts, " ")
}

// news returns the scopes that are ending, outer ones first.
func (v view) news() []Snapshot {
	var list []Snapshot
	var walk func(s Snapshot, least time.Duration)
	walk = func(s Snapshot, least time.Duration) {
		if s.ending() && s.exitTook() >= least {
			list = append(list, s)
		}
		for _, c := range s.Children {
			walk(c, newsworthy)
		}
	}
	for _, s := range v.scopes {
		walk(s.Snapshot, 0)
	}
	return list
}

// newsworthy is how long a scope inside another must have been ending before
// the page says so at its top: some end all the time, as requests do.
const newsworthy = time.Second

// ending reports whether the scope has begun its exit.
func (s Snapshot) ending() bool { return s.State == "draining" || s.State == "dropping" }

// exitTook returns for how long the scope has been ending, as far as one can
// tell.
func (s Snapshot) exitTook() time.Duration {
	took := s.Since
	for _, it := range s.Items {
		took = max(took, it.Waited)
	}
	return took
}

func (s Snapshot) path() string { return cmp.Or(s.Path, s.Name) }
