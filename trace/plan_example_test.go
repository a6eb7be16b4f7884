package trace_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/ebb-go/ebb/trace"
)

// examplePlan is the plan of the scope in exampleReport, made when there was a
// mailer too.
func examplePlan() trace.Plan {
	return trace.Plan{Waves: [][]trace.PlanNode{
		{{Name: "api", Kind: "daemon", DependsOn: []string{"cache", "db", "mailer"}}},
		{{Name: "cache", Kind: "guard", Wave: 1, DependsOn: []string{"db"}}, {Name: "mailer", Kind: "guard", Wave: 1}},
		{{Name: "db", Kind: "guard", Wave: 2}},
	}}
}

func ExamplePlan() {
	for i, wave := range examplePlan().Waves {
		for _, n := range wave {
			fmt.Println(i, n.Name)
		}
	}
	// Output:
	// 0 api
	// 1 cache
	// 1 mailer
	// 2 db
}

func ExamplePlanNode() {
	n := examplePlan().Waves[1][0]
	fmt.Println(n.Kind, n.Name, "uses", n.DependsOn)
	// Output: guard cache uses [db]
}

func ExamplePlan_WriteText() {
	if err := examplePlan().WriteText(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// plan: 4 drops in 3 waves
	//
	// wave 0    api     daemon  depends on cache, db, mailer
	// wave 1    cache   guard   depends on db
	//           mailer  guard
	// wave 2    db      guard
}

func ExamplePlan_WriteMermaid() {
	if err := examplePlan().WriteMermaid(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// flowchart LR
	//     %% wave 0
	//     n0(["api"])
	//     %% wave 1
	//     n1["cache"]
	//     n2["mailer"]
	//     %% wave 2
	//     n3["db"]
	//     n0 --> n1
	//     n0 --> n2
	//     n0 --> n3
	//     n1 --> n3
}

func ExamplePlan_WriteDOT() {
	var graph strings.Builder
	if err := examplePlan().WriteDOT(&graph); err != nil {
		fmt.Println(err)
	}
	fmt.Println(strings.Count(graph.String(), "->"), "edges")
	// Output: 4 edges
}

func ExamplePlan_WriteSVG() {
	var picture strings.Builder
	if err := examplePlan().WriteSVG(&picture); err != nil {
		fmt.Println(err)
	}
	fmt.Println(strings.Contains(picture.String(), ">mailer</text>"))
	// Output: true
}

func ExamplePlan_MarshalJSON() {
	data, err := json.Marshal(trace.Plan{Waves: examplePlan().Waves[2:]})
	fmt.Println(string(data), err)
	// Output: {"waves":[[{"name":"db","kind":"guard","wave":2}]]} <nil>
}

// The mailer was dropped early, so the teardown had nothing to do for it.
func ExamplePlan_Diff() {
	if err := examplePlan().Diff(exampleReport()).WriteText(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output: - mailer  planned in wave 1, gone before
}

func ExampleDiff() {
	d := examplePlan().Diff(exampleReport())
	if !d.Empty() {
		fmt.Println("the teardown was not as planned")
	}
	// Output: the teardown was not as planned
}

func ExampleDiff_Empty() {
	fmt.Println(trace.Plan{}.Diff(&trace.Report{}).Empty())
	// Output: true
}

func ExampleDiff_WriteText() {
	if err := (trace.Diff{}).WriteText(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output: as planned
}

func ExampleDiff_MarshalJSON() {
	data, err := json.Marshal(examplePlan().Diff(exampleReport()))
	fmt.Println(string(data), err)
	// Output: {"not_run":[{"name":"mailer","kind":"guard","planned":1}],"not_planned":[],"moved":[]} <nil>
}
