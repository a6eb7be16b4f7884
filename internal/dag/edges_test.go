package dag_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ebb-go/ebb/internal/dag"
)

// Beginnings of one list are found by where they begin; a copy of one, a short one,
// and one that shares its list with no other have names of their own.
func TestEdgesOf(t *testing.T) {
	list, alone := make([]string, 40), make([]string, 40)
	for i := range list {
		list[i], alone[i] = fmt.Sprint("l", i), fmt.Sprint("a", i)
	}
	deps := [][]string{list[:20], list, list[:30:30], slices.Clone(list[:20]), list[:3], alone, list[1:20], nil}
	e := dag.EdgesOf(len(deps), func(i int) []string { return deps[i] })
	if len(e.Lists) != 1 || len(e.Lists[0]) != 40 || e.Total != 20+40+30+20+3+40+19 {
		t.Errorf("%d lists and %d edges", len(e.Lists), e.Total)
	}
	for i, d := range deps {
		got := e.Of[i]
		if shared := i < 3; shared != (got.List == 0) || shared && got.First != len(d) || !shared && !slices.Equal(got.Own, d) {
			t.Errorf("node %d: %+v", i, got)
		}
	}
}

func ExampleEdgesOf() {
	var held []string // by a scope, in the order of registration
	for i := range 100 {
		held = append(held, fmt.Sprint("guard ", i))
	}
	daemons := [][]string{held[:60], held[:80], held[:100]} // what each depends on
	e := dag.EdgesOf(len(daemons), func(i int) []string { return daemons[i] })
	fmt.Println(e.Total, "edges in", len(e.Lists), "list")
	fmt.Println("the second leads to the first", e.Of[1].First)
	// Output:
	// 240 edges in 1 list
	// the second leads to the first 80
}
