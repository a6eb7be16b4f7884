package trace_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/ebb-go/ebb/trace"
)

// users is the report of n daemons on n guards, each of which depends on all that
// there were when it was started: the beginning of one list.
//
//	d0 ──> g0    d1 ──> g0 g1    d2 ──> g0 g1 g2    ...
func users(n int, schedule string) *trace.Report {
	r := &trace.Report{Scope: "users", Schedule: schedule, Started: sampleEpoch}
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint("guard ", i)
		r.Entries = append(r.Entries, trace.Entry{Name: names[i], Kind: "guard", Wave: 1, Outcome: "ok"})
	}
	for i := range n {
		began := sampleEpoch.Add(time.Duration(i%7) * milli)
		r.Entries = append(r.Entries, trace.Entry{Name: fmt.Sprint("daemon ", i), Kind: "daemon", Outcome: "ok", DependsOn: names[: i+1 : i+1],
			Started: began, Ended: began.Add(7 * milli)})
	}
	return r
}

// apart is r with slices of its own for all edges.
func apart(r *trace.Report) *trace.Report {
	c := *r
	c.Entries = slices.Clone(r.Entries)
	for i := range c.Entries {
		c.Entries[i].DependsOn = slices.Clone(c.Entries[i].DependsOn)
	}
	return &c
}

// Whether edges share a list is seen in the memory and the time that they take and
// nowhere else.
func TestSharedEdgesAreEdges(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 5))
		r := &trace.Report{Scope: "s", Schedule: []string{"waves", "eager", "sequential"}[rng.IntN(3)], Started: sampleEpoch}
		var lists [2][]string
		for i := range 60 {
			name := fmt.Sprint("g", i)
			at := sampleEpoch.Add(10 * milli)
			e := trace.Entry{Name: name, Kind: "guard", Wave: 5, Outcome: "ok", Started: at, Ended: at.Add(3 * milli)}
			if rng.IntN(9) == 0 { // never began, or under another wave than its edges say
				e.Started, e.Ended, e.Wave = time.Time{}, time.Time{}, rng.IntN(7)
			}
			for k := range lists {
				if rng.IntN(3) > 0 {
					lists[k] = append(lists[k], name)
				}
			}
			r.Entries = append(r.Entries, e)
		}
		for i := range 30 {
			at := sampleEpoch.Add(2 * milli)
			e := trace.Entry{Name: fmt.Sprint("d", i), Kind: "daemon", Wave: rng.IntN(4), Outcome: "ok", Started: at, Ended: at.Add(time.Duration(rng.IntN(9)) * milli)}
			list := lists[rng.IntN(2)]
			e.DependsOn = list[:rng.IntN(len(list)+1)]
			if rng.IntN(3) == 0 {
				e.DependsOn = []string{"d" + fmt.Sprint(rng.IntN(30)), "nothing", "g1"}
			}
			r.Entries = append(r.Entries, e)
		}
		one, other := apart(r), apart(r)
		for i := range one.Entries {
			one.Entries[i].DependsOn = r.Entries[i].DependsOn // shared
		}
		one.Complete()
		other.Complete()
		if !reflect.DeepEqual(one, other) {
			t.Fatalf("seed %d: completed differently", seed)
		}
		for _, f := range formats {
			if f.render(t, one) != f.render(t, other) {
				t.Fatalf("seed %d: the %s differs", seed, f.ext)
			}
		}
	}
}

// A daemon depends on all guards, and a thousand of them on a thousand: what that
// costs is their sum.
func TestUsersGrowLinearly(t *testing.T) {
	for _, schedule := range []string{"waves", "eager"} {
		reports := map[int]*trace.Report{}
		for _, n := range []int{500, 5000} {
			reports[n] = users(n, schedule)
		}
		grows(t, "completing, "+schedule, 500, func(n int) int { c := *reports[n]; c.Entries = slices.Clone(c.Entries); c.Complete(); return n })
		for _, r := range reports {
			r.Complete()
		}
		for _, f := range formats {
			if f.ext == "dot" || f.ext == "mmd" {
				continue // whole up to 500 nodes
			}
			grows(t, f.ext, 500, func(n int) int { return len(f.render(t, reports[n])) })
		}
		for _, ext := range []string{"dot", "mmd"} {
			if n := len(formatOf(ext).render(t, reports[5000])); n > 100_000 {
				t.Errorf("%d bytes of %s", n, ext)
			}
		}
		stored := map[int][]byte{}
		grows(t, "JSON", 500, func(n int) int {
			data, err := json.Marshal(reports[n])
			if err != nil {
				t.Fatal(err)
			}
			stored[n] = data
			return len(data)
		})
		grows(t, "reading", 500, func(n int) int {
			var back trace.Report
			if err := json.Unmarshal(stored[n], &back); err != nil {
				t.Fatal(err)
			}
			for i, e := range back.Entries {
				if !slices.Equal(e.DependsOn, reports[n].Entries[i].DependsOn) && i%97 == 0 {
					t.Fatalf("%s came back with %d edges", e.Name, len(e.DependsOn))
				}
			}
			return len(stored[n])
		})
	}
}

// A plan has the same form, and few edges have the plain one.
func TestEdgesInJSON(t *testing.T) {
	p := trace.Plan{Waves: [][]trace.PlanNode{{}}}
	for _, e := range users(300, "waves").Entries {
		p.Waves[0] = append(p.Waves[0], trace.PlanNode{Name: e.Name, Kind: e.Kind, DependsOn: e.DependsOn})
	}
	data, err := json.Marshal(p)
	if err != nil || len(data) > 100_000 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	s := trace.Snapshot{Name: "users"}
	for _, n := range p.Waves[0] {
		s.Items = append(s.Items, trace.SnapshotItem{Kind: n.Kind, Name: n.Name, DependsOn: n.DependsOn})
	}
	data, err = json.Marshal(s)
	var back trace.Snapshot
	if err := json.Unmarshal(data, &back); err != nil || !reflect.DeepEqual(back, s) {
		t.Errorf("a snapshot does not come back: %v", err)
	}
	if err != nil || len(data) > 100_000 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	var r trace.Report
	text := `{"lists":[["a","b"]],"entries":[{"name":"x","depends_on_first":{"list":0,"first":9}},{"name":"y","depends_on_first":{"list":3,"first":-1}},{"name":"z","depends_on_first":{"list":0,"first":-1}}]}`
	if err := json.Unmarshal([]byte(text), &r); err != nil || len(r.Entries[0].DependsOn) != 2 || r.Entries[1].DependsOn != nil || len(r.Entries[2].DependsOn) != 0 {
		t.Errorf("got %+v, %v", r.Entries, err)
	}
}
