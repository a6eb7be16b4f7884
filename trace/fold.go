package trace

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ebb-go/ebb/internal/outcome"
	"github.com/ebb-go/ebb/internal/term"
)

// A report of ten thousand drops has no more room on a screen than one of ten. So
// each picture that has rows folds: what matters keeps a line of its own, and the
// rest of a wave is one line that counts it. Nothing disappears without a count, and
// whether a drop is shown depends on the report alone, so that two pictures of one
// report agree.

// row is one line of a waterfall or a table: an entry, or what is left of one
// or several waves once the entries that matter have got lines of their own.
type row struct {
	entry     *Entry // nil for a fold
	critical  bool   // the entry is on the critical path, or one of the fold
	wave, end int    // first and last wave; equal unless a fold joins waves
	fold      []*Entry
}

// rows returns the lines that show r. Up to most entries each has its line.
// Beyond, there are about limit lines: four fifths at most go to the entries
// that matter most, first those that went wrong, then the critical path, then
// the longest. The rest of each wave is one line, and where there are too many
// waves for that, the rest of several is.
func (r *Report) rows(most, limit int) []row {
	critical := make([]bool, len(r.Entries))
	for _, i := range r.critical() {
		critical[i] = true
	}
	if len(r.Entries) <= most {
		limit = most
	}
	shown := r.shown(critical, limit)
	var rows []row
	var fold []*Entry
	folded := false // a critical entry
	waves, per := r.waveCount(), 1
	if len(r.Entries) > limit {
		per = max(1, (waves+limit/5-1)/(limit/5)) // waves per fold
	}
	first, seen := 0, 0 // the fold's first wave; waves that have ended since it began
	for i := range r.Entries {
		e := &r.Entries[i]
		if len(fold) == 0 && seen == 0 {
			first = e.Wave
		}
		if shown[i] {
			rows = append(rows, row{entry: e, critical: critical[i], wave: e.Wave, end: e.Wave})
		} else {
			fold = append(fold, e)
			folded = folded || critical[i]
		}
		last := i == len(r.Entries)-1
		if !last && r.Entries[i+1].Wave == e.Wave {
			continue
		}
		if seen++; seen < per && !last {
			continue
		}
		if len(fold) > 0 {
			rows = append(rows, row{critical: folded, wave: first, end: e.Wave, fold: fold})
		}
		fold, folded, seen = nil, false, 0
	}
	return rows
}

// shown says for each entry whether it has a line of its own. Where the cut
// would fall between entries that are alike, none of them is shown, unless they
// went wrong: there is nothing to see in the first forty of a thousand equal
// ones. A fold of one entry would save nothing, so there the entry is shown.
func (r *Report) shown(critical []bool, limit int) []bool {
	shown := make([]bool, len(r.Entries))
	order := make([]int, len(r.Entries))
	for i := range order {
		order[i] = i
	}
	if len(order) > limit {
		compare := func(a, b int) int {
			return cmp.Or(
				cmp.Compare(r.weight(b, critical), r.weight(a, critical)),
				cmp.Compare(r.Entries[b].Took(), r.Entries[a].Took()),
			)
		}
		slices.SortStableFunc(order, compare)
		cut := limit * 4 / 5
		next := order[cut]
		for cut > 0 && !failed(r.Entries[next].Outcome) && compare(order[cut-1], next) == 0 {
			cut--
		}
		order = order[:cut]
	}
	left := make(map[int]int) // entries of a wave that are not shown
	for i := range r.Entries {
		left[r.Entries[i].Wave]++
	}
	for _, i := range order {
		shown[i] = true
		left[r.Entries[i].Wave]--
	}
	if r.waveCount() <= limit/5 {
		for i := range r.Entries {
			shown[i] = shown[i] || left[r.Entries[i].Wave] == 1
		}
	}
	return shown
}

// weight orders entries by why they are looked at: what went wrong before the
// critical path, and that before the rest.
func (r *Report) weight(i int, critical []bool) int {
	switch {
	case failed(r.Entries[i].Outcome):
		return 2
	case critical[i]:
		return 1
	}
	return 0
}

// waveCount relies on the entries being sorted by wave.
func (r *Report) waveCount() int {
	n := 0
	for i := range r.Entries {
		if i == 0 || r.Entries[i].Wave != r.Entries[i-1].Wave {
			n++
		}
	}
	return n
}

// label is the name of a fold: "+ 9,950 more".
func (w row) label() string { return "+ " + term.Thousands(len(w.fold)) + " more" }

// waveLabel is "3", or "3–17" for a fold of several.
func (w row) waveLabel() string {
	if w.wave == w.end {
		return fmt.Sprint(w.wave)
	}
	return fmt.Sprintf("%d–%d", w.wave, w.end)
}

// summary describes what a fold hides: "all ok, longest 3ms".
func (w row) summary() string {
	counts := make(map[string]int)
	var words []string // in order of first appearance
	for _, e := range w.fold {
		if counts[e.Outcome]++; counts[e.Outcome] == 1 {
			words = append(words, e.Outcome)
		}
	}
	parts := make([]string, len(words))
	for i, word := range words {
		parts[i] = term.Thousands(counts[word]) + " " + term.Clean(word)
	}
	if len(words) == 1 {
		parts[0] = "all " + term.Clean(words[0])
	}
	return strings.Join(parts, ", ") + ", longest " + term.Short(w.longest())
}

// longest returns the longest time a drop in the fold took.
func (w row) longest() time.Duration {
	longest := time.Duration(0)
	for _, e := range w.fold {
		longest = max(longest, e.Took())
	}
	return longest
}

// mixed reports whether a fold's outcomes differ.
func (w row) mixed() bool {
	return slices.ContainsFunc(w.fold, func(e *Entry) bool { return e.Outcome != w.fold[0].Outcome })
}

// span returns when the row's first drop started and its last ended, and when
// the first was queued.
func (w row) span() (queued, started, ended time.Time) {
	if w.entry != nil {
		return w.entry.Queued, w.entry.Started, w.entry.Ended
	}
	queued, started, ended = w.fold[0].Queued, w.fold[0].Started, w.fold[0].Ended
	for _, e := range w.fold[1:] {
		if e.Queued.Before(queued) {
			queued = e.Queued
		}
		if e.Started.Before(started) {
			started = e.Started
		}
		if e.Ended.After(ended) {
			ended = e.Ended
		}
	}
	return queued, started, ended
}

// worst returns the outcome by which a fold is drawn: ok only if all are.
func (w row) worst() string {
	for _, e := range w.fold {
		if failed(e.Outcome) {
			return e.Outcome
		}
	}
	return outcome.OK.String()
}
