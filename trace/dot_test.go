package trace_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ebb-go/ebb/trace"
)

// dotTokens splits DOT into identifiers, quoted strings and signs, as its
// grammar says: in a string only a backslash before a quote means something,
// and a string must not end with a lone one.
func dotTokens(t *testing.T, doc string) []string {
	t.Helper()
	var tokens []string
	for i := 0; i < len(doc); {
		switch c := doc[i]; {
		case c == ' ' || c == '\n' || c == '\t':
			i++
		case strings.HasPrefix(doc[i:], "//"):
			i += strings.IndexByte(doc[i:], '\n')
		case strings.HasPrefix(doc[i:], "->"):
			tokens = append(tokens, "->")
			i += 2
		case c == '"':
			end := i + 1
			for ; end < len(doc) && doc[end] != '"'; end++ {
				if doc[end] == '\n' {
					t.Fatalf("a line ends inside of a string: %.60q", doc[i:])
				}
				if doc[end] == '\\' {
					end++
				}
			}
			if end >= len(doc) {
				t.Fatalf("a string does not end: %.60q", doc[i:])
			}
			tokens = append(tokens, doc[i:end+1])
			i = end + 1
		case strings.IndexByte("{}[]=;,", c) >= 0:
			tokens = append(tokens, string(c))
			i++
		default:
			end := i
			for end < len(doc) && (doc[end] == '.' || doc[end] == '_' || doc[end] >= '0' && doc[end] <= '9' || doc[end]|0x20 >= 'a' && doc[end]|0x20 <= 'z') {
				end++
			}
			if end == i {
				t.Fatalf("what is %.20q?", doc[i:])
			}
			tokens = append(tokens, doc[i:end])
			i = end
		}
	}
	return tokens
}

func TestDOTIsWellFormed(t *testing.T) {
	for name, r := range samples() {
		tokens := dotTokens(t, formatOf("dot").render(t, r))
		depth := 0
		declared := make(map[string]bool)
		for i, token := range tokens {
			switch token {
			case "{", "[":
				depth++
			case "}", "]":
				depth--
			}
			if i+1 < len(tokens) && token[0] == '"' && tokens[i+1] == "[" && tokens[i-1] != "->" {
				if declared[token] {
					t.Errorf("%s: two nodes %s", name, token)
				}
				declared[token] = true
			}
			if token == "->" && (!declared[tokens[i-1]] || !declared[tokens[i+1]]) {
				t.Errorf("%s: an edge of an unknown node: %s -> %s", name, tokens[i-1], tokens[i+1])
			}
		}
		if depth != 0 || tokens[0] != "digraph" {
			t.Errorf("%s: brackets do not match", name)
		}
		if len(declared) > len(r.Entries) {
			t.Errorf("%s: %d nodes for %d entries", name, len(declared), len(r.Entries))
		}
	}
}

// Arrows run from dependent to dependency, all of them: tools that read DOT
// reduce it themselves. Those that follow from others are pale.
func TestDOTHasAllEdges(t *testing.T) {
	var b bytes.Buffer
	p := trace.Plan{Waves: [][]trace.PlanNode{
		{{Name: "api", DependsOn: []string{"cache", "db", "elsewhere"}}}, {{Name: "cache", DependsOn: []string{"db"}}}, {{Name: "db"}},
	}}
	if err := p.WriteDOT(&b); err != nil {
		t.Fatal(err)
	}
	var edges []string
	for line := range strings.SplitSeq(b.String(), "\n") {
		if strings.Contains(line, "->") {
			edges = append(edges, strings.TrimSpace(line))
		}
	}
	want := []string{`"api" -> "cache";`, `"api" -> "db" [color="#c3cad1", constraint=false];`, `"cache" -> "db";`}
	if !slices.Equal(edges, want) {
		t.Errorf("got %q, want %q", edges, want)
	}
}

// Names that become alike by cleaning stay two nodes.
func TestDOTKeepsNamesApart(t *testing.T) {
	r := simulate("waves", simDrop{name: "a\n", deps: []string{`a\n`}}, simDrop{name: `a\n`})
	doc := formatOf("dot").render(t, r)
	if !strings.Contains(doc, `"a\\n" -> "a\\n'"`) {
		t.Errorf("got\n%s", doc)
	}
}

var foldLabel = regexp.MustCompile(`(\+|#43;) [0-9,]+ more`)

// Up to five hundred nodes Graphviz and Mermaid get all of a graph, whatever its
// shape: each name, and each edge that does not follow from others.
func TestGraphsAreWhole(t *testing.T) {
	fan := func(n int) *trace.Report { // n daemons on n guards
		r := &trace.Report{Scope: "fan", Schedule: "waves", Started: sampleEpoch}
		var guards []string
		for i := range n {
			guards = append(guards, fmt.Sprintf("guard-%03d", i))
			r.Entries = append(r.Entries, trace.Entry{Name: guards[i], Kind: "guard", Wave: 1, Outcome: "ok"})
		}
		for i := range n {
			r.Entries = append(r.Entries, trace.Entry{Name: fmt.Sprintf("daemon-%03d", i), Kind: "daemon", Outcome: "ok", DependsOn: guards})
		}
		r.Complete()
		return r
	}
	for name, c := range map[string]struct {
		r     *trace.Report
		edges int
	}{
		"chain of 14": {chain(14), 13}, "chain of 41": {chain(41), 40}, "chain of 500": {chain(500), 499},
		"wave of 490": {big(494), 0}, "all failed": {allFailed(500), 0}, "20 x 20": {fan(20), 400}, "240 x 240": {fan(240), 480},
	} {
		for _, ext := range []string{"dot", "mmd"} {
			got := formatOf(ext).render(t, c.r)
			if foldLabel.MatchString(got) || strings.Contains(got, "not drawn") {
				t.Errorf("%s: the %s is not whole", name, ext)
			}
			for _, e := range c.r.Entries {
				if !strings.Contains(got, e.Name) {
					t.Errorf("%s: the %s has no %s", name, ext, e.Name)
					break
				}
			}
			got = strings.ReplaceAll(got, " --- ", " --> ")
			arrow := map[string]string{"dot": " -> ", "mmd": " --> "}[ext]
			if n := strings.Count(got, arrow); c.edges > 0 && n != c.edges {
				t.Errorf("%s: %d edges in the %s, want %d", name, n, ext, c.edges)
			}
			if ext == "mmd" && (utf8.RuneCountInString(got) > 50_000 || strings.Count(got, arrow) > 500) {
				t.Errorf("%s: Mermaid refuses %d characters and %d edges", name, len(got), strings.Count(got, arrow))
			}
		}
	}
	if got := formatOf("dot").render(t, chain(501)); !foldLabel.MatchString(got) {
		t.Error("a graph of 501 is not folded")
	}
	for _, r := range []*trace.Report{fan(250), renamed(allFailed(500), strings.Repeat("*", 60)), renamed(chain(500), strings.Repeat("<#", 30))} {
		if got := formatOf("mmd").render(t, r); utf8.RuneCountInString(got) > 50_000 || strings.Count(got, " --> ") > 500 {
			t.Errorf("Mermaid refuses %d characters and %d edges", len(got), strings.Count(got, " --> "))
		}
		if got := formatOf("dot").render(t, r); len(got) > 600_000 {
			t.Errorf("%d bytes for Graphviz", len(got))
		}
	}
}

// renamed gives each entry a name that begins with prefix.
func renamed(r *trace.Report, prefix string) *trace.Report {
	for i := range r.Entries {
		r.Entries[i].Name = fmt.Sprint(prefix, r.Entries[i].Name)
		for k, d := range r.Entries[i].DependsOn {
			r.Entries[i].DependsOn[k] = fmt.Sprint(prefix, d)
		}
	}
	return r
}
