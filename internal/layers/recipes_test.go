package layers_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRecipesLead: each row of the recipes has a link to an example that is there.
func TestRecipesLead(t *testing.T) {
	const docs = "../../docs"
	text, err := os.ReadFile(filepath.Join(docs, "recipes.md"))
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\[([^]]*)\]\((\.\./[^)]*)\)`)
	rows := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| what you have") {
			continue
		}
		rows++
		links := link.FindAllStringSubmatch(line, -1)
		if len(links) == 0 {
			t.Errorf("no example in %s", line)
		}
		for _, l := range links {
			code, err := os.ReadFile(filepath.Join(docs, l[2]))
			if info, dir := os.Stat(filepath.Join(docs, l[2])); dir == nil && info.IsDir() {
				continue
			}
			if err != nil || strings.HasPrefix(l[1], "Example") && !strings.Contains(string(code), "func "+l[1]+"(") {
				t.Errorf("%s leads to nothing: %v", l[0], err)
			}
		}
	}
	if rows < 20 {
		t.Errorf("%d rows", rows)
	}
}
