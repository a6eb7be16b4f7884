package trace_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/trace"
)

func planText(t *testing.T, p trace.Plan) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// planOf is the plan that a report followed.
func planOf(r *trace.Report) trace.Plan {
	var p trace.Plan
	for _, e := range r.Entries {
		for len(p.Waves) <= e.Wave {
			p.Waves = append(p.Waves, nil)
		}
		p.Waves[e.Wave] = append(p.Waves[e.Wave], trace.PlanNode{Name: e.Name, Kind: e.Kind, Wave: e.Wave, DependsOn: e.DependsOn})
	}
	return p
}

func TestPlanText(t *testing.T) {
	golden(t, "plan.txt", planText(t, samplePlan()))
	golden(t, "plan-service.txt", planText(t, planOf(service("waves"))))
	if got := planText(t, trace.Plan{}); got != "plan: nothing to drop\n" {
		t.Errorf("of nothing: %q", got)
	}
	for name, r := range map[string]*trace.Report{"big": big(10_000), "chain": chain(10_000)} {
		text := planText(t, planOf(r))
		if n := strings.Count(text, "\n"); n > 120 || !strings.Contains(text, "more") {
			t.Errorf("%s: %d lines", name, n)
		}
	}
}

// The plan's pictures are the report's, without what only a report knows.
func TestPlanPictures(t *testing.T) {
	var dot, mmd, svg bytes.Buffer
	p := planOf(service("waves"))
	for _, err := range []error{p.WriteDOT(&dot), p.WriteMermaid(&mmd), p.WriteSVG(&svg)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "plan-service.svg", svg.String())
	edges := 0
	for _, wave := range p.Waves {
		for _, n := range wave {
			edges += len(n.DependsOn)
		}
	}
	if got := strings.Count(dot.String(), "->"); got != edges {
		t.Errorf("DOT: %d edges, want %d", got, edges)
	}
	if got := strings.Count(mmd.String(), "-->"); got != edges {
		t.Errorf("Mermaid: %d edges, want %d", got, edges)
	}
}

func TestDiff(t *testing.T) {
	change := func(name, kind string, planned, ran int, outcome string) trace.Change {
		return trace.Change{Name: name, Kind: kind, Planned: planned, Ran: ran, Outcome: outcome}
	}
	tests := []struct {
		rule string
		plan trace.Plan
		ran  *trace.Report
		want [3][]trace.Change // not run, not planned, moved
	}{
		{"nothing differs", planOf(small("eager")), small("eager"), [3][]trace.Change{}},
		{"gone, new and moved", samplePlan(), small("waves"), [3][]trace.Change{
			{change("mailer", "guard", 1, -1, "")},
			{change("consumer", "daemon", -1, 0, "ok")},
			{change("journal", "guard", 2, 1, "ok")},
		}},
		{"skipped counts as not run", planOf(everyOutcome()), everyOutcome(), [3][]trace.Change{
			{change("kafka", "guard", 2, 2, "skipped")},
		}},
		{"not planned and skipped is no change", trace.Plan{}, simulate("waves", simDrop{name: "a", outcome: "skipped"}), [3][]trace.Change{}},
		{"all is new", trace.Plan{}, simulate("waves", simDrop{name: "a", took: milli}), [3][]trace.Change{
			1: {change("a", "guard", -1, 0, "ok")},
		}},
		{"all is gone", samplePlan(), &trace.Report{}, [3][]trace.Change{{
			change("http", "daemon", 0, -1, ""), change("cache", "guard", 1, -1, ""), change("mailer", "guard", 1, -1, ""),
			change("postgres", "guard", 2, -1, ""), change("journal", "guard", 2, -1, ""),
		}}},
	}
	for _, tt := range tests {
		got := tt.plan.Diff(tt.ran)
		if got := trace.Changes(got); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, want %+v", tt.rule, got, tt.want)
		}
		if got.Empty() != reflect.DeepEqual(tt.want, [3][]trace.Change{}) {
			t.Errorf("%s: Empty is %v", tt.rule, got.Empty())
		}
	}
}

func TestDiffTextOfMany(t *testing.T) {
	var b bytes.Buffer
	if err := planOf(big(10_000)).Diff(&trace.Report{}).WriteText(&b); err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(b.String()))
	if len(lines) != 101 || lines[100] != "- 9,900 more\n" {
		t.Errorf("%d lines, the last is %q", len(lines), lines[len(lines)-1])
	}
}

func TestPlanOfHostileNames(t *testing.T) {
	p := planOf(hostile())
	var diff bytes.Buffer
	if err := p.Diff(&trace.Report{}).WriteText(&diff); err != nil {
		t.Fatal(err)
	}
	text := planText(t, p) + diff.String()
	for _, bad := range []string{"\x1b", "\r", "\t", "\u202e", "\u2066", "\x00"} {
		if strings.Contains(text, bad) {
			t.Errorf("the text contains %+q", bad)
		}
	}
	if got, want := strings.Count(text, "\n"), 2+2*len(hostileNames); got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}
