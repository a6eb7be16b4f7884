package trace_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ebb-go/ebb/trace"
)

// exampleReport is what a scope of three guards hands to the callback of
// WithReport: api depends on cache and db, cache depends on db.
func exampleReport() *trace.Report {
	at := func(ms int) time.Time { return time.Date(2024, 5, 17, 9, 30, 0, ms*1e6, time.UTC) }
	r := &trace.Report{
		Scope: "shop", Exit: "succeeded", Schedule: "waves", Grace: 10 * time.Second, Started: at(0), Ended: at(190),
		Entries: []trace.Entry{
			{Name: "api", Kind: "daemon", Started: at(0), Ended: at(120), Outcome: "ok", DependsOn: []string{"cache", "db"}},
			{Name: "cache", Kind: "guard", Wave: 1, Started: at(120), Ended: at(150), Outcome: "ok", DependsOn: []string{"db"}},
			{Name: "db", Kind: "guard", Wave: 2, Started: at(150), Ended: at(190), Outcome: "ok"},
		},
	}
	r.Complete()
	return r
}

// A report is read like any other value: here, what took the longest.
func ExampleReport() {
	r := exampleReport()
	slowest := r.Entries[0]
	for _, e := range r.Entries {
		if e.Took() > slowest.Took() {
			slowest = e
		}
	}
	fmt.Printf("%s of %v went to %s\n", slowest.Took(), r.Ended.Sub(r.Started), slowest.Name)
	// Output: 120ms of 190ms went to api
}

func ExampleReport_WriteText() {
	if err := exampleReport().WriteText(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// teardown of shop: succeeded in 190ms of 10s grace, 3 drops in 3 waves, schedule waves
	//
	//    wave  guard  outcome   waited     took    slack  0s                    95ms                 190ms
	//  *    0  api    ok             ·    120ms        ·  ██████████████████████████████▍
	//  *    1  cache  ok             ·     30ms        ·                                ███████▉
	//  *    2  db     ok             ·     40ms        ·                                       ███████████
	//
	//    * critical path   ! not ok   · waiting
	//
	//    wave   drops    spent    share   used
	//       0       1    120ms    8.33s     1%
	//       1       1     30ms    9.05s    <1%
	//       2       1     40ms    9.85s    <1%
	//    ran 190ms in all, waited 0s
}

func ExampleReport_CriticalPath() {
	for _, e := range exampleReport().CriticalPath() {
		fmt.Println(e.Name, e.Took())
	}
	// Output:
	// api 120ms
	// cache 30ms
	// db 40ms
}

// What Complete fills in follows from the times and the edges.
func ExampleReport_Complete() {
	r := &trace.Report{Schedule: "eager", Entries: []trace.Entry{
		{Name: "db", Wave: 1, Started: time.UnixMilli(30), Ended: time.UnixMilli(40)},
		{Name: "api", Started: time.UnixMilli(0), Ended: time.UnixMilli(30), DependsOn: []string{"db"}},
		{Name: "worker", Started: time.UnixMilli(0), Ended: time.UnixMilli(10), DependsOn: []string{"db"}},
	}}
	r.Complete()
	for _, e := range r.Entries {
		fmt.Printf("%s: slack %v, released by %q\n", e.Name, e.Slack, e.ReleasedBy)
	}
	// Output:
	// api: slack 0s, released by ""
	// worker: slack 20ms, released by ""
	// db: slack 0s, released by "api"
}

func ExampleEntry() {
	for _, e := range exampleReport().Entries {
		fmt.Printf("%s %s in wave %d: %s\n", e.Kind, e.Name, e.Wave, e.Outcome)
	}
	// Output:
	// daemon api in wave 0: ok
	// guard cache in wave 1: ok
	// guard db in wave 2: ok
}

func ExampleEntry_Took() {
	fmt.Println(exampleReport().Entries[1].Took())
	// Output: 30ms
}

// The page is one file, with nothing from outside.
func ExampleReport_WriteHTML() {
	var page strings.Builder
	if err := exampleReport().WriteHTML(&page); err != nil {
		fmt.Println(err)
	}
	fmt.Println(page.String()[:15], strings.Count(page.String(), "<svg"), "pictures")
	// Output: <!doctype html> 2 pictures
}

func ExampleReport_WriteSVG() {
	var picture strings.Builder
	if err := exampleReport().WriteSVG(&picture); err != nil {
		fmt.Println(err)
	}
	fmt.Println(picture.String()[:39])
	// Output: <svg xmlns="http://www.w3.org/2000/svg"
}

func ExampleReport_WriteDOT() {
	var graph strings.Builder
	if err := exampleReport().WriteDOT(&graph); err != nil {
		fmt.Println(err)
	}
	for line := range strings.Lines(graph.String()) {
		if strings.Contains(line, "->") {
			fmt.Print(line)
		}
	}
	// The edge that follows from the others is pale.
	//
	// Output:
	// 	"api" -> "cache" [color="#1d5fa8", penwidth=2.5];
	// 	"api" -> "db" [color="#c3cad1", constraint=false];
	// 	"cache" -> "db" [color="#1d5fa8", penwidth=2.5];
}

func ExampleReport_WriteMermaid() {
	if err := exampleReport().WriteMermaid(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// flowchart LR
	//     %% wave 0
	//     n0(["api"])
	//     %% wave 1
	//     n1["cache"]
	//     %% wave 2
	//     n2["db"]
	//     n0 --> n1
	//     n0 --> n2
	//     n1 --> n2
	//     classDef path stroke-width:3px
	//     class n0,n1,n2 path
}

func ExampleReport_MarshalJSON() {
	data, err := json.Marshal(exampleReport())
	if err != nil {
		fmt.Println(err)
	}
	var fields struct {
		Took float64  `json:"took_ms"`
		Path []string `json:"critical_path"`
	}
	if err := json.Unmarshal(data, &fields); err != nil {
		fmt.Println(err)
	}
	fmt.Println(fields.Took, fields.Path)
	// Output: 190 [api cache db]
}

// A report can be stored and drawn later.
func ExampleReport_UnmarshalJSON() {
	stored, err := json.Marshal(exampleReport())
	if err != nil {
		fmt.Println(err)
	}
	var r trace.Report
	if err := json.Unmarshal(stored, &r); err != nil {
		fmt.Println(err)
	}
	fmt.Println(r.Scope, len(r.Entries), r.CriticalPath()[0].Name)
	// Output: shop 3 api
}

// What became of the tasks of a scope that was told to stop.
func ExampleDrain() {
	began := time.Date(2024, 5, 17, 9, 30, 0, 0, time.UTC)
	r := trace.Report{Cause: "signal: terminated", Drain: trace.Drain{
		Started: began, Ended: began.Add(3 * time.Second),
		Items: []trace.DrainItem{{Name: "upstream", Kind: "task", Ended: 70, Canceled: 5, Abandoned: 1}},
	}}
	fmt.Println(r.Cause, "after", r.Drain.Took())
	for _, it := range r.Drain.Items {
		fmt.Println(it.Kind, it.Name, it.Ended, it.Canceled, it.Abandoned)
	}
	// Output:
	// signal: terminated after 3s
	// task upstream 70 5 1
}

// One item stands for all tasks of a name.
func ExampleDrainItem() {
	it := trace.DrainItem{Name: "upstream", Kind: "task", Ended: 70, Abandoned: 1}
	fmt.Println(it.Name, it.Ended+it.Canceled+it.Abandoned)
	// Output: upstream 71
}

func ExampleDrain_Summary() {
	d := trace.Drain{Items: []trace.DrainItem{
		{Name: "cron", Kind: "task", Ended: 1},
		{Name: "upstream", Kind: "task", Ended: 75, Abandoned: 1},
	}}
	for _, line := range d.Summary() {
		fmt.Println(line)
	}
	// Output:
	// 76 x upstream: 75 ended, 1 abandoned
	// cron: 1 ended
}
