package scopetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ebb-go/ebb/trace"
)

// WantOutcome fails t unless the drop of name ended with outcome: ok, error, panic,
// goexit, timeout, abandoned or skipped.
func WantOutcome(t testing.TB, r *trace.Report, name, outcome string) {
	t.Helper()
	e, ok := find(t, r, name)
	if ok && e.Outcome != outcome {
		t.Errorf("scopetest: outcome of %q is %s (%v), want %s\n%s", name, e.Outcome, e.Err, outcome, text(r))
	}
}

// WantClean fails t unless every drop was ok and the exit had no error.
func WantClean(t testing.TB, r *trace.Report) {
	t.Helper()
	if !given(t, r) {
		return
	}
	var bad []string
	for _, e := range r.Entries {
		if e.Outcome != "ok" {
			bad = append(bad, fmt.Sprintf("%q is %s", e.Name, e.Outcome))
		}
	}
	if r.Error != "" {
		bad = append(bad, "error: "+r.Error)
	}
	if len(bad) > 0 {
		t.Errorf("scopetest: the exit was not clean: %s\n%s", strings.Join(bad, ", "), text(r))
	}
}

// WantWithin fails t if the teardown took longer than budget, and then shows the
// drops that set its length. Draining, the wait for tasks before it, is not in a
// report.
func WantWithin(t testing.TB, r *trace.Report, budget time.Duration) {
	t.Helper()
	if !given(t, r) {
		return
	}
	took := r.Ended.Sub(r.Started)
	if took <= budget {
		return
	}
	var path []string
	for _, e := range r.CriticalPath() {
		path = append(path, fmt.Sprintf("%s %v", e.Name, e.Took()))
	}
	t.Errorf("scopetest: the teardown took %v, want at most %v; its critical path is %s\n%s",
		took, budget, strings.Join(path, ", "), text(r))
}

// WantWaves fails t unless the waves of the teardown had these members, in any
// order within a wave. It is the whole teardown: one name too many fails, too.
func WantWaves(t testing.TB, r *trace.Report, waves [][]string) {
	t.Helper()
	if !given(t, r) {
		return
	}
	var got [][]string
	for _, e := range r.Entries {
		for len(got) <= e.Wave {
			got = append(got, nil)
		}
		got[e.Wave] = append(got[e.Wave], e.Name)
	}
	if !sameWaves(got, waves) {
		t.Errorf("scopetest: waves are %q, want %q\n%s", got, waves, text(r))
	}
}

// WantPlan is [WantWaves] for the waves as they would run now, from
// [scope.Scope.Plan]: it checks the edges of a program without ending it.
func WantPlan(t testing.TB, p trace.Plan, waves [][]string) {
	t.Helper()
	got := make([][]string, len(p.Waves))
	for k, wave := range p.Waves {
		for _, n := range wave {
			got[k] = append(got[k], n.Name)
		}
	}
	if sameWaves(got, waves) {
		return
	}
	var b strings.Builder
	if err := p.WriteText(&b); err != nil {
		fmt.Fprintf(&b, "plan: %v", err)
	}
	t.Errorf("scopetest: waves would be %q, want %q\n%s", got, waves, b.String())
}

// sameWaves compares waves as sequences of sets.
func sameWaves(a, b [][]string) bool {
	return slices.EqualFunc(a, b, func(a, b []string) bool {
		a, b = slices.Clone(a), slices.Clone(b)
		slices.Sort(a)
		slices.Sort(b)
		return slices.Equal(a, b)
	})
}

// given fails t if there is no report, as when the scope never closed.
func given(t testing.TB, r *trace.Report) bool {
	t.Helper()
	if r == nil {
		t.Errorf("scopetest: the report is nil: has the scope closed?")
	}
	return r != nil
}

// find returns the entry called name, or fails t.
func find(t testing.TB, r *trace.Report, name string) (trace.Entry, bool) {
	t.Helper()
	if !given(t, r) {
		return trace.Entry{}, false
	}
	k := slices.IndexFunc(r.Entries, func(e trace.Entry) bool { return e.Name == name })
	if k < 0 {
		t.Errorf("scopetest: %q is not in the report\n%s", name, text(r))
		return trace.Entry{}, false
	}
	return r.Entries[k], true
}

// text is the waterfall that failures show.
func text(r *trace.Report) string {
	if r == nil {
		return ""
	}
	var b strings.Builder
	if err := r.WriteText(&b); err != nil {
		fmt.Fprintf(&b, "report: %v", err)
	}
	return b.String()
}
