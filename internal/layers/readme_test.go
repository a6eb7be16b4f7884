package layers_test

import (
	"go/ast"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeProgram keeps the program in the README the one that is run and
// checked as an Example.
func TestReadmeProgram(t *testing.T) {
	const source = "scope/example_service_test.go"
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, source))
	if err != nil {
		t.Fatal(err)
	}
	var body string
	for _, f := range files(t) {
		if f.name != source {
			continue
		}
		for _, d := range f.tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if ok && fn.Name.Name == "Example_service" {
				body = string(text[f.set.Position(fn.Body.Lbrace).Offset+1 : f.set.Position(fn.Body.Rbrace).Offset])
			}
		}
	}
	program, _, found := strings.Cut(body, "\tfmt.Println(\"error:\"")
	if !found {
		t.Fatalf("%s has no Example_service as this test expects it", source)
	}
	formatted, err := format.Source([]byte(strings.TrimSpace(program)))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), string(formatted)) {
		t.Errorf("README.md does not show the program of %s:\n%s", source, formatted)
	}
}
