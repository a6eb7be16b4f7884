package trace_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

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
