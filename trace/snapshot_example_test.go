package trace_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ebb-go/ebb/trace"
)

// exampleSnapshot is a scope that is dropping.
func exampleSnapshot() trace.Snapshot {
	return trace.Snapshot{
		Name: "shop", Path: "shop", State: "dropping", Since: 2 * time.Second, Error: "terminated",
		Grace: 10 * time.Second, Left: 8 * time.Second,
		Items: []trace.SnapshotItem{
			{Kind: "guard", Name: "db", State: "live", Age: time.Hour, Wave: 1},
			{Kind: "daemon", Name: "api", State: "dropping", Age: time.Hour, Waited: 2 * time.Second, DependsOn: []string{"db"}},
		},
		Children: []trace.Snapshot{{Name: "request", Path: "shop/request", State: "open", Since: 40 * time.Millisecond}},
	}
}

// What is the exit waiting for?
func ExampleSnapshot() {
	for _, it := range exampleSnapshot().Items {
		if it.Waited > 0 {
			fmt.Printf("%s %s, for %v\n", it.Kind, it.Name, it.Waited)
		}
	}
	// Output: daemon api, for 2s
}

func ExampleSnapshotItem() {
	it := exampleSnapshot().Items[0]
	fmt.Println(it.Kind, it.Name, "is", it.State, "for", it.Age)
	// Output: guard db is live for 1h0m0s
}

func ExampleSnapshot_WriteText() {
	if err := exampleSnapshot().WriteText(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// scope shop  dropping for 2s, 8s of 10s grace left (terminated)
	// ├─ daemon api  dropping 1h00m, exit waits for it: 2s
	// ├─ guard  db   live 1h00m
	// └─ scope request  open for 40ms
}

func ExampleSnapshot_WriteSVG() {
	var picture strings.Builder
	if err := exampleSnapshot().WriteSVG(&picture); err != nil {
		fmt.Println(err)
	}
	fmt.Println(strings.Contains(picture.String(), ">api</text>"))
	// Output: true
}

func ExampleSnapshot_MarshalJSON() {
	data, err := json.Marshal(exampleSnapshot().Children[0])
	fmt.Println(string(data), err)
	// Output: {"name":"request","path":"shop/request","state":"open","since_ms":40,"items":[],"children":[]} <nil>
}
