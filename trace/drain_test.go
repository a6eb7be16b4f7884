package trace_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ebb-go/ebb/trace"
)

// sampleDrain is the drain of a scope whose upstream calls hang.
func sampleDrain() trace.Drain {
	return trace.Drain{
		Started: sampleEpoch.Add(-3100 * milli), Ended: sampleEpoch,
		Items: []trace.DrainItem{
			{Name: "cron", Kind: "task", Ended: 1},
			{Name: "upstream", Kind: "task", Ended: 70, Canceled: 5, Abandoned: 1},
			{Name: "request", Kind: "run", Ended: 12},
			{Name: "late", Kind: "task", Refused: 2},
		},
	}
}

func drained() *trace.Report {
	r := small("waves")
	r.Exit, r.Cause, r.Drain = "canceled", "signal: terminated", sampleDrain()
	return r
}

// What went wrong comes first, then what is most; one line for each name.
func TestDrainInText(t *testing.T) {
	want := `   cause: signal: terminated
   drained in 3.1s
   ! 76 x upstream     70 ended, 5 canceled, 1 abandoned
   ! 2 x late          2 refused
     12 x run request  12 ended
     cron              1 ended
`
	if text := formatOf("txt").render(t, drained()); !strings.Contains(text, want) {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

func TestDrainInHTML(t *testing.T) {
	page := formatOf("html").render(t, drained())
	for _, want := range []string{"signal: terminated", "<dt>draining</dt><dd>3.1s</dd>", "<h2>Draining</h2>",
		`<bdi>upstream</bdi></td><td>task</td><td class="number">70</td><td class="number">5</td><td class="number abandoned">1</td><td class="number">·</td>`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(formatOf("html").render(t, small("waves")), "raining") {
		t.Error("a page of a teardown without a drain speaks of one")
	}
}

func TestDrainInJSON(t *testing.T) {
	r := drained()
	r.Drain.Items[0].Running, r.Drain.Items[0].Oldest = 3, time.Second
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"cause":"signal: terminated"`, `"took_ms":3100`, `"abandoned":1`, `"oldest_ms":1000`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in %s", want, data)
		}
	}
	var back trace.Report
	if err := json.Unmarshal(data, &back); err != nil || back.Cause != r.Cause || !reflect.DeepEqual(back.Drain, r.Drain) {
		t.Errorf("came back as %q, %+v, %v", back.Cause, back.Drain, err)
	}
	if data, err := json.Marshal(small("waves")); err != nil || strings.Contains(string(data), "drain") {
		t.Errorf("without a drain: %s, %v", data, err)
	}
}

// Of thousands of names a dozen is listed, those that went wrong among them.
func TestDrainOfMany(t *testing.T) {
	r := drained()
	for i := range 5000 {
		r.Drain.Items = append(r.Drain.Items, trace.DrainItem{Name: fmt.Sprint("t", i), Kind: "task", Ended: 1 + i%3, Abandoned: i / 4999})
	}
	text := formatOf("txt").render(t, r)
	if !strings.Contains(text, "t4999") || !strings.Contains(text, "+ 4,992 more\n") {
		t.Errorf("got\n%.600s", text)
	}
}

// What is being opened has no wave yet: none in the table, and no place in the picture
// or among the steps of the teardown.
func TestOpeningHasNoWave(t *testing.T) {
	var i trace.Inspector
	i.Watch(source{snapshot: trace.Snapshot{Name: "orders", State: "dropping", Items: []trace.SnapshotItem{
		{Kind: "guard", Name: "cache", State: "live", DependsOn: []string{"db"}},
		{Kind: "guard", Name: "db", State: "live", Wave: 1},
		{Kind: "guard", Name: "half", State: "opening", Wave: -1},
	}}})
	page := body(t, get(t, &i, ""))
	contains(t, page, "wave 0 <b>1</b>", "wave 1 <b>1</b>", `<bdi>half</bdi>`)
	picture := page[strings.Index(page, "<svg"):strings.Index(page, "</svg>")]
	if strings.Contains(picture, "half") || !strings.Contains(picture, "cache") || strings.Contains(page, ">-1<") {
		t.Errorf("what is being opened is in the picture, or has a wave:\n%s", page)
	}
}

// Equal tasks are one item, with the age of the oldest.
func TestEqualTasksAreOneItem(t *testing.T) {
	s := trace.Snapshot{Name: "orders", State: "draining", Items: []trace.SnapshotItem{
		{Kind: "task", Name: "upstream", State: "running", Age: 2900 * milli, Count: 76, Waited: time.Second},
		{Kind: "task", Name: "cron", State: "running", Age: time.Minute, Count: 1},
		{Kind: "guard", Name: "db", State: "opening", Age: time.Second},
	}}
	want := `scope orders  draining
├─ task   76 x upstream  running, oldest 2.9s, exit waits for it: 1s
├─ task   cron           running 1m00s
└─ guard  db             opening 1s
`
	if got := snapshotText(t, s); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	data, err := json.Marshal(s)
	if err != nil || strings.Count(string(data), `"count":`) != 1 || !strings.Contains(string(data), `"count":76`) {
		t.Errorf("got %s, %v", data, err)
	}
	var i trace.Inspector
	i.Watch(source{snapshot: s})
	page := body(t, get(t, &i, ""))
	contains(t, page, `76 x <bdi>upstream</bdi></th>`, `<td class="number">oldest 2.9s</td>`, "77 tasks", `waits for task 76 x <bdi>upstream</bdi>, 1s`)
}
