package trace

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/ebb-go/ebb/internal/dag"
	"github.com/ebb-go/ebb/internal/term"
)

// In JSON, keys are lower case with underscores, times are RFC 3339 with
// nanoseconds, durations are milliseconds as numbers with a fraction, under
// keys that end in _ms, and texts are valid UTF-8 and bounded. What is zero or
// empty is left out, but for the keys of what a thing is and how it ended.

// reportJSON is a report on its way out and back. Its keys are a contract: files
// outlive the version that wrote them. What follows from the rest is written for
// readers who have no analysis of their own, and ignored when it is read.
type reportJSON struct {
	Scope        string       `json:"scope"`
	Exit         string       `json:"exit"`
	Schedule     string       `json:"schedule"`
	Grace        milliseconds `json:"grace_ms,omitzero"`
	DropLimit    int          `json:"drop_limit,omitzero"`
	Started      moment       `json:"started,omitzero"`
	Ended        moment       `json:"ended,omitzero"`
	Deadline     moment       `json:"deadline,omitzero"`
	Took         milliseconds `json:"took_ms"`
	Error        string       `json:"error,omitempty"`
	Cause        string       `json:"cause,omitempty"`
	Drain        *drainJSON   `json:"drain,omitempty"`
	CriticalPath []string     `json:"critical_path"`
	Waves        []waveJSON   `json:"waves"`
	Entries      []entryJSON  `json:"entries"`
	Lists        [][]string   `json:"lists,omitempty"`
	Values       []valuesJSON `json:"values,omitempty"`
}

// waveJSON is what a wave was allowed and used.
type waveJSON struct {
	Index   int          `json:"index"`
	Size    int          `json:"size"`
	Started moment       `json:"started,omitzero"`
	Ended   moment       `json:"ended,omitzero"`
	Share   milliseconds `json:"share_ms,omitzero"`
	Spent   milliseconds `json:"spent_ms"`
}

// entryJSON is an entry. Its edges are names, or the beginning of a list of the
// report.
type entryJSON struct {
	Name       string       `json:"name"`
	Kind       string       `json:"kind"`
	Type       string       `json:"type,omitempty"`
	Wave       int          `json:"wave"`
	Queued     moment       `json:"queued,omitzero"`
	Started    moment       `json:"started,omitzero"`
	Ended      moment       `json:"ended,omitzero"`
	Waited     milliseconds `json:"waited_ms"`
	Took       milliseconds `json:"took_ms"`
	Slack      milliseconds `json:"slack_ms"`
	Outcome    string       `json:"outcome"`
	Error      string       `json:"error,omitempty"`
	DependsOn  []string     `json:"depends_on,omitempty"`
	First      *firstJSON   `json:"depends_on_first,omitempty"`
	ReleasedBy string       `json:"released_by,omitempty"`
	Critical   bool         `json:"critical,omitempty"`
}

// MarshalJSON returns r as an object with lower-case keys: times in RFC 3339,
// durations in milliseconds, with a fraction, under keys that end in _ms. Beside
// the fields of Report and [Entry], an error as its text, it has what follows
// from them: took_ms, waited_ms, critical_path, critical, and waves,
// which says what each wave was allowed and what it used. Where there are ten thousand edges and more, entries that depend
// on the first so many names of one list have its number, and how many, as
// depends_on_first, and the lists are in lists. See [Report.UnmarshalJSON] for the way back.
func (r Report) MarshalJSON() ([]byte, error) {
	j := reportJSON{
		Scope: term.Word(r.Scope), Exit: term.Word(r.Exit), Schedule: term.Word(r.Schedule),
		DropLimit: r.DropLimit, Grace: milliseconds(r.Grace), Started: moment{r.Started}, Ended: moment{r.Ended}, Deadline: moment{r.Deadline},
		Took: milliseconds(r.took()), Error: term.Bounded(r.Error, term.MaxExit),
		Cause: term.Bounded(r.Cause, term.MaxText), Drain: r.Drain.json(),
		CriticalPath: []string{},
		Values:       slotsJSON(r.Values),
		Waves:        []waveJSON{},
		Entries:      make([]entryJSON, len(r.Entries)),
	}
	for _, w := range r.budget() {
		j.Waves = append(j.Waves, waveJSON{w.Index, w.Size, moment{w.Started}, moment{w.Ended}, milliseconds(w.Share), milliseconds(w.Spent)})
	}
	edges := dag.EdgesOf(len(r.Entries), func(i int) []string { return r.Entries[i].DependsOn })
	j.Lists = listsJSON(&edges)
	for i, e := range r.Entries {
		deps, first := edgesJSON(&edges, i, e.DependsOn)
		j.Entries[i] = entryJSON{
			Name: term.Word(e.Name), Kind: term.Word(e.Kind), Type: term.Word(e.Type), Wave: e.Wave,
			Queued: moment{e.Queued}, Started: moment{e.Started}, Ended: moment{e.Ended},
			Waited: milliseconds(e.waited()), Took: milliseconds(e.Took()), Slack: milliseconds(e.Slack),
			Outcome: term.Word(e.Outcome), Error: term.Bounded(term.Error(e.Err), term.MaxText), DependsOn: deps, First: first, ReleasedBy: term.Word(e.ReleasedBy),
		}
	}
	for _, i := range r.critical() {
		j.CriticalPath = append(j.CriticalPath, j.Entries[i].Name)
		j.Entries[i].Critical = true
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what [Report.MarshalJSON] wrote, so that a report can be
// stored and drawn later. An entry's error comes back as its text alone: of the
// values it wrapped, errors.Is and errors.As find none. What follows from the
// rest is not read.
func (r *Report) UnmarshalJSON(data []byte) error {
	var j reportJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*r = Report{
		Scope: j.Scope, Exit: j.Exit, Schedule: j.Schedule,
		DropLimit: j.DropLimit, Grace: time.Duration(j.Grace), Started: j.Started.Time, Ended: j.Ended.Time, Deadline: j.Deadline.Time, Error: j.Error,
		Cause: j.Cause, Drain: j.Drain.drain(), Values: slotValues(j.Values),
	}
	for _, e := range j.Entries {
		entry := Entry{
			Name: e.Name, Kind: e.Kind, Type: e.Type, Wave: e.Wave,
			Queued: e.Queued.Time, Started: e.Started.Time, Ended: e.Ended.Time, Slack: time.Duration(e.Slack),
			Outcome: e.Outcome, DependsOn: e.First.of(j.Lists, e.DependsOn), ReleasedBy: e.ReleasedBy,
		}
		if e.Error != "" {
			entry.Err = errors.New(e.Error)
		}
		r.Entries = append(r.Entries, entry)
	}
	return nil
}
