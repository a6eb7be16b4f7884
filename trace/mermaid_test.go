package trace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/trace"
)

func TestMermaidText(t *testing.T) {
	for in, want := range map[string]string{
		"postgres-primary": "postgres-primary", "a/b": "a/b", "数据 é": "数据 é",
		`"`: "#34;", "#quot;": "#35;quot#59;", "<b>": "#60;b#62;", "`x`": "#96;x#96;", "a|b": "a#124;b", "%%{": "#37;#37;#123;",
		"1. list": "1#46; list", "- list": "#45; list", "a_b*c": "a#95;b#42;c", "(x)[y]{z}": "#40;x#41;#91;y#93;#123;z#125;", `\`: "#92;",
	} {
		if got := trace.MermaidText(in); got != want {
			t.Errorf("MermaidText(%q) = %q, want %q", in, got, want)
		}
	}
}

// Mermaid refuses more than 500 edges and 50,000 characters.
func TestMermaidKeepsTheLimits(t *testing.T) {
	var drops []simDrop
	const layer = 30
	for i := range 10 * layer {
		d := simDrop{name: fmt.Sprintf("a guard with a long name, number %d", i)}
		if i < 9*layer {
			for k := range layer { // all of the next layer
				d.deps = append(d.deps, fmt.Sprintf("a guard with a long name, number %d", (i/layer+1)*layer+k))
			}
		}
		drops = append(drops, d)
	}
	all := samples()
	all["dense"] = simulate("waves", drops...)
	for name, r := range all {
		doc := formatOf("mmd").render(t, r)
		if n := strings.Count(doc, "-->") + strings.Count(doc, " --- "); n > 500 {
			t.Errorf("%s: %d edges", name, n)
		}
		if n := len(doc); n > 50_000 {
			t.Errorf("%s: %d characters", name, n)
		}
		if name == "dense" && !strings.Contains(doc, "edges not drawn") {
			t.Errorf("nothing tells that edges are missing")
		}
	}
}

// Of many edges, those that follow from others go first: here each of twelve
// layers depends on all that are below.
func TestMermaidLeavesOutImpliedEdges(t *testing.T) {
	const layers, size = 12, 4
	var drops []simDrop
	for i := range layers * size {
		d := simDrop{name: fmt.Sprint("g", i)}
		for k := (i/size + 1) * size; k < layers*size; k++ {
			d.deps = append(d.deps, fmt.Sprint("g", k))
		}
		drops = append(drops, d)
	}
	doc := formatOf("mmd").render(t, simulate("waves", drops...))
	if got, want := strings.Count(doc, "-->"), (layers-1)*size*size; got != want || strings.Contains(doc, "not drawn") {
		t.Errorf("%d edges, want the %d between neighbouring layers", got, want)
	}
}
