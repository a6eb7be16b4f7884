package trace_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ebb-go/ebb/trace"
)

// Reports come from files too. Whatever is in one, each writer ends, writes no
// more than the report is worth, and nothing that steers.

// anyTime is a time that a report could hold, or that a broken file does.
func anyTime(r *rand.Rand) time.Time {
	switch r.IntN(8) {
	case 0:
		return time.Time{}
	case 1:
		return sampleEpoch.Add(anyDuration(r))
	case 2:
		return []time.Time{time.Unix(math.MaxInt64-1e11, 0), time.Unix(math.MinInt64/4, 0), time.Date(12_000, 1, 1, 0, 0, 0, 0, time.UTC),
			time.Date(-3, 1, 1, 0, 0, 0, 0, time.UTC), sampleEpoch.In(time.FixedZone("far", 90_000)), time.Unix(0, 0)}[r.IntN(6)]
	}
	return sampleEpoch.Add(time.Duration(r.IntN(5000)) * milli)
}

func anyDuration(r *rand.Rand) time.Duration {
	return []time.Duration{0, 1, -1, milli, time.Second, time.Hour, 292 * 365 * 24 * time.Hour, math.MaxInt64, math.MinInt64, math.MinInt64 + 1, -time.Hour}[r.IntN(11)]
}

func anyText(r *rand.Rand) string {
	switch r.IntN(12) {
	case 0:
		return strings.Repeat("x\xff界", r.IntN(3000))
	case 1:
		return strings.Repeat("line\n", r.IntN(60))
	case 2, 3, 4, 5, 6, 7:
		return fmt.Sprint("g", r.IntN(50))
	}
	return hostileNames[r.IntN(len(hostileNames))]
}

// anyReport is a report of n entries, and maybe a completed one.
func anyReport(r *rand.Rand, n int) *trace.Report {
	pick := func(list ...string) string {
		if i := r.IntN(len(list) + 1); i < len(list) {
			return list[i]
		}
		return anyText(r)
	}
	rep := &trace.Report{Scope: anyText(r), Exit: pick("succeeded", "failed"), Schedule: pick("waves", "eager", "sequential", ""), Grace: anyDuration(r),
		Started: anyTime(r), Ended: anyTime(r), Deadline: anyTime(r), Error: anyText(r), Cause: anyText(r)}
	rep.Drain = trace.Drain{Started: anyTime(r), Ended: anyTime(r)}
	for range r.IntN(30) {
		rep.Drain.Items = append(rep.Drain.Items, trace.DrainItem{Name: anyText(r), Kind: pick("task", "run"), Ended: r.IntN(3), Abandoned: r.IntN(2), Oldest: anyDuration(r)})
	}
	for range n {
		e := trace.Entry{Name: anyText(r), Kind: pick("guard", "daemon", "child"), Type: anyText(r), Wave: r.IntN(9), Queued: anyTime(r), Started: anyTime(r), Ended: anyTime(r),
			Outcome: pick("ok", "ok", "ok", "error", "panic", "goexit", "timeout", "abandoned", "skipped"), ReleasedBy: anyText(r), Slack: anyDuration(r)}
		if r.IntN(20) == 0 {
			e.Wave = []int{math.MaxInt64, math.MinInt64, -1, 1 << 40}[r.IntN(4)]
		}
		if r.IntN(3) == 0 {
			e.Err = errors.New(anyText(r))
		}
		for range r.IntN(4) {
			e.DependsOn = append(e.DependsOn, anyText(r))
		}
		rep.Entries = append(rep.Entries, e)
	}
	if r.IntN(2) == 0 {
		rep.Complete()
	}
	return rep
}

func TestRandomReports(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for round := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, round))
		rep := anyReport(r, r.IntN([]int{3, 30, 300}[r.IntN(3)]))
		before := fmt.Sprintf("%+v", *rep)
		for _, f := range formats {
			got := f.render(t, rep)
			if bad := unsafe(got); bad != "" && f.ext != "json" { // which has names as they are, and is checked below
				t.Fatalf("round %d: the %s has %s", round, f.ext, bad)
			}
			if len(got) > 100_000+8_000*len(rep.Entries) {
				t.Fatalf("round %d: %d bytes of %s for %d entries", round, len(got), f.ext, len(rep.Entries))
			}
		}
		data, err := json.Marshal(rep)
		if err != nil || !utf8.Valid(data) {
			t.Fatalf("round %d: %v", round, err)
		}
		var back trace.Report
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatalf("round %d: read back: %v", round, err)
		}
		if again, err := json.Marshal(&back); err != nil || len(again) == 0 {
			t.Fatalf("round %d: written again: %v", round, err)
		}
		for _, f := range formats {
			f.render(t, &back)
		}
		if after := fmt.Sprintf("%+v", *rep); after != before {
			t.Fatalf("round %d: writing has changed the report", round)
		}
		for _, w := range trace.Budget(rep) {
			if w.Spent < 0 || w.Share < 0 {
				t.Fatalf("round %d: wave %d has spent %v of %v", round, w.Index, w.Spent, w.Share)
			}
		}
	}
}

// unsafe says what in a text steers instead of shows.
func unsafe(s string) string {
	if !utf8.ValidString(s) {
		return "invalid UTF-8"
	}
	for i, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || r == 0x2028 || r >= 0x202a && r <= 0x202e || r == 0x2066 || r == 0x2067 {
			return fmt.Sprintf("%+q near %q", r, s[max(0, i-20):min(len(s), i+20)])
		}
	}
	return ""
}

// What is stored need not be what was written.
func TestStoredReports(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"started":"2024-05-17T09:30:00Z"}`, `{"ended":"2024-05-17T09:30:00Z","entries":[{}]}`,
		`{"started":"2024-05-17T09:30:00Z","entries":[{"name":"a","started":"0001-01-02T00:00:00Z","ended":"9999-12-31T23:59:59Z","slack_ms":-1e300}]}`,
		`{"started":"0001-01-01T00:00:00Z","ended":"9999-12-31T23:59:59Z","grace_ms":1e300,"schedule":"eager","entries":[{"name":"a","depends_on":["a"],"released_by":"a"}]}`,
		`{"entries":[{"name":"a","wave":9223372036854775807},{"name":"a","wave":-9223372036854775808,"depends_on":["a","a"]}]}`,
		`{"schedule":"eager","entries":[{"name":"a","released_by":"b"},{"name":"b","released_by":"a"}]}`,
		`{"drain":{"items":[{"name":"a","ended":-5,"oldest_ms":-1e300}]}}`,
	} {
		var r trace.Report
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		for _, f := range formats {
			if got := f.render(t, &r); len(got) > 100_000 {
				t.Errorf("%s: %d bytes of %s", text, len(got), f.ext)
			}
		}
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("%s: written again: %v", text, err)
		}
		var i trace.Inspector
		i.Add(&r)
		for _, query := range []string{"", "?report=1", "?format=json", "?format=text"} {
			if w := get(t, &i, query); w.StatusCode != 200 {
				t.Errorf("%s: %q answers %d", text, query, w.StatusCode)
			}
		}
	}
	if err := json.Unmarshal([]byte(`{"entries":[{"took_ms":"x"}]}`), new(trace.Report)); err == nil {
		t.Error("what is no report is read as one")
	}
}
