package trace_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/internal/term"
	"github.com/ebb-go/ebb/trace"
)

// Every line is within the width but texts of errors and causes, and what there is
// more of a wide terminal the bars have.
func TestTextFitsItsWidth(t *testing.T) {
	reports := samplesOf(2000)
	reports["drained"] = drained()
	long := small("waves")
	long.Scope, long.Exit, long.Schedule = strings.Repeat("a-long-path/", 20), strings.Repeat("canceled", 5), strings.Repeat("w", 100)
	reports["long"] = long
	for name, r := range reports {
		axis := 0
		for _, n := range []int{-1, 1, 40, 60, 80, 100, 120, 200, 500, 9999} {
			var b bytes.Buffer
			if err := r.WriteText(&b, trace.Width(n)); err != nil {
				t.Fatal(err)
			}
			want := min(max(n, 40), 500)
			longest := 0
			for k, line := range strings.Split(b.String(), "\n") {
				if k > 0 && strings.HasPrefix(line, "   ") && strings.Contains(line, ": ") || strings.HasPrefix(line, "      ") && !strings.Contains(line, " took ") {
					continue // an error or a cause is as long as it is
				}
				longest = max(longest, term.Width(line))
				if w := term.Width(line); w > want {
					t.Errorf("%s at %d: %d cells: %q", name, n, w, line)
				}
			}
			if n >= 80 && n <= 500 && len(r.Entries) > 0 && name != "one-failed-wave" {
				if longest < want-8 {
					t.Errorf("%s at %d: the longest line has %d cells", name, n, longest)
				}
				if longest <= axis {
					t.Errorf("%s at %d: no wider than before: %d", name, n, longest)
				}
				axis = longest
			}
		}
	}
}

// What is no terminal has a hundred columns, a file too.
func TestUsualWidth(t *testing.T) {
	want := new(bytes.Buffer)
	if err := service("waves").WriteText(want, trace.Width(100)); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(t.TempDir() + "/report.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := service("waves").WriteText(file, nil); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file.Name())
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("a file has another width, or %v", err)
	}
	if err := service("waves").WriteText((*os.File)(nil)); err == nil {
		t.Error("a nil file is written to")
	}
}

// The other text writers give names and lists the room that there is.
func TestWidthOfPlans(t *testing.T) {
	n := trace.PlanNode{Name: strings.Repeat("n", 50), Kind: "guard"}
	for i := range 6 {
		n.DependsOn = append(n.DependsOn, strings.Repeat(fmt.Sprint(i), 20))
	}
	p := trace.Plan{Waves: [][]trace.PlanNode{{n}}}
	for cells, more := range map[int]string{60: " and 5 more", 120: " and 5 more", 240: ""} {
		var b bytes.Buffer
		if err := p.WriteText(&b, trace.Width(cells)); err != nil {
			t.Fatal(err)
		}
		line := strings.Split(b.String(), "\n")[2]
		if term.Width(line) > cells && cells > 60 || !strings.HasSuffix(line, more) || more == "" && strings.Contains(line, "more") {
			t.Errorf("at %d: %q", cells, line)
		}
	}
}

// A text for a window of sixty columns: the slack has given way to the bars.
func ExampleWidth() {
	if err := exampleReport().WriteText(os.Stdout, trace.Width(60)); err != nil {
		fmt.Println(err)
	}
	// Output:
	// teardown of shop: succeeded in 190ms of 10s grace
	//
	//    wave  guard  outcome   waited     took  0s          190ms
	//  *    0  api    ok             ·    120ms  ██████████▊
	//  *    1  cache  ok             ·     30ms            ███▍
	//  *    2  db     ok             ·     40ms               ████
	//
	//    * critical path   ! not ok   · waiting
	//
	//    wave   drops    spent    share   used
	//       0       1    120ms    8.33s     1%
	//       1       1     30ms    9.05s    <1%
	//       2       1     40ms    9.85s    <1%
	//    ran 190ms in all, waited 0s
}

// Options can be kept and passed on.
func ExampleTextOption() {
	wide := []trace.TextOption{trace.Width(200)}
	var b strings.Builder
	err := trace.Plan{}.WriteText(&b, wide...)
	fmt.Print(b.String(), err)
	// Output:
	// plan: nothing to drop
	// <nil>
}
