package trace_test

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ebb-go/ebb/trace"
)

func marshal(t *testing.T, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data) + "\n"
}

// Values marshal, not only pointers: a report in a struct or a slice too.
func TestJSONOfValues(t *testing.T) {
	r := small("waves")
	want := marshal(t, r)
	if got := marshal(t, *r); got != want {
		t.Error("a Report by value has another JSON than by pointer")
	}
	if got := marshal(t, []trace.Report{*r}); !strings.Contains(got, `"critical_path"`) {
		t.Error("a Report in a slice has another JSON")
	}
	golden(t, "small.json", want)
	golden(t, "outcomes.json", marshal(t, everyOutcome()))
	golden(t, "plan.json", marshal(t, samplePlan()))
	golden(t, "diff.json", marshal(t, samplePlan().Diff(r)))
	golden(t, "snapshot.json", marshal(t, sampleSnapshot()))
}

// Keys are lower case with underscores, lists are never null, durations say
// their unit.
func TestJSONKeys(t *testing.T) {
	key := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, v := range v {
				if !key.MatchString(k) {
					t.Errorf("key %s.%s", at, k)
				}
				if n, ok := v.(float64); ok && n != float64(int(n)) && !strings.HasSuffix(k, "_ms") {
					t.Errorf("%s.%s is a fraction without a unit", at, k)
				}
				walk(at+"."+k, v)
			}
		case []any:
			for _, v := range v {
				walk(at, v)
			}
		case nil:
			t.Errorf("%s is null", at)
		}
	}
	for name, v := range map[string]any{
		"report": everyOutcome(), "empty report": trace.Report{}, "plan": samplePlan(), "empty plan": trace.Plan{Waves: [][]trace.PlanNode{nil}},
		"diff": trace.Diff{}, "snapshot": sampleSnapshot(), "empty snapshot": trace.Snapshot{},
	} {
		var got any
		if err := json.Unmarshal([]byte(marshal(t, v)), &got); err != nil {
			t.Fatal(err)
		}
		walk(name, got)
	}
}

// A report that was stored and read again is drawn as it was before.
func TestJSONRoundTrip(t *testing.T) {
	for name, r := range samplesOf(2_500) { // folded, all of them
		if name == "hostile" {
			continue // has a name that is no UTF-8, which JSON cannot keep
		}
		var back trace.Report
		if err := json.Unmarshal([]byte(marshal(t, r)), &back); err != nil {
			t.Fatal(err)
		}
		for _, f := range formats {
			if f.render(t, &back) != f.render(t, r) {
				t.Errorf("%s: another %s after the way through JSON", name, f.ext)
			}
		}
		for i := range back.Entries {
			a, b := back.Entries[i], r.Entries[i]
			if (a.Err == nil) != (b.Err == nil) || a.Err != nil && a.Err.Error() != b.Err.Error() {
				t.Errorf("%s: %s: error %v, want %v", name, a.Name, a.Err, b.Err)
			}
			a.Err, b.Err = nil, nil
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("%s: got %+v, want %+v", name, a, b)
			}
		}
	}
}

func TestJSONDurationsAreExact(t *testing.T) {
	for _, d := range []time.Duration{0, 1, 999, 1_234_567, 20 * time.Second, 100*time.Hour + 1, -5, -1_500_001} {
		var back trace.Report
		data := marshal(t, trace.Report{Entries: []trace.Entry{{Slack: d}}})
		if err := json.Unmarshal([]byte(data), &back); err != nil || back.Entries[0].Slack != d {
			t.Errorf("%d came back as %d, %v", d, back.Entries[0].Slack, err)
		}
	}
}

// JSON has no way to write bytes that are no UTF-8; all else comes back.
func TestJSONKeepsNamesAsTheyAre(t *testing.T) {
	for _, name := range hostileNames {
		want := strings.ReplaceAll(name, "\xff\xfe", "\ufffd\ufffd")
		var back trace.Report
		if err := json.Unmarshal([]byte(marshal(t, trace.Report{Entries: []trace.Entry{{Name: name}}})), &back); err != nil {
			t.Fatal(err)
		}
		if got := back.Entries[0].Name; got != want {
			t.Errorf("%+q came back as %+q", name, got)
		}
	}
}

func TestUnmarshalNonsense(t *testing.T) {
	for _, data := range []string{`[]`, `{"entries": 3}`, `{"grace_ms": "x"}`, `{"started": "yesterday"}`} {
		r := trace.Report{Scope: "before"}
		if err := json.Unmarshal([]byte(data), &r); err == nil || r.Scope != "before" {
			t.Errorf("%s: got %v and %+v", data, err, r)
		}
	}
}
