// Package vettest runs an analyzer over the mistakes in scopevet's testdata,
// which is a module of its own that uses ebb as it is in this repository.
package vettest

import (
	"go/ast"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

const (
	planted = 20 // mistakes of each kind, at least
	found   = 18 // of twenty
)

// Run checks that a reports what the comments in testdata/NAME want and no more,
// and that its fixes make of each file what the golden file beside it has. The
// functions there whose names begin with mistake hold one each; Run checks that a
// reports nine of ten, and logs the others.
func Run(t *testing.T, a *analysis.Analyzer) {
	t.Helper()
	results := analysistest.RunWithSuggestedFixes(t, Dir(t), a, "./"+a.Name+"/...")
	all, missed := 0, 0
	seen := map[string]bool{}
	for _, r := range results {
		for _, file := range r.Action.Package.Syntax {
			for _, decl := range file.Decls {
				d, ok := decl.(*ast.FuncDecl)
				if !ok || !strings.HasPrefix(d.Name.Name, "mistake") || seen[d.Name.Name] {
					continue // a package with tests is loaded twice
				}
				seen[d.Name.Name] = true
				all++
				if !reported(r.Action.Diagnostics, d) {
					missed++
					t.Logf("not found: %s: %s", d.Name.Name, d.Doc.Text())
				}
			}
		}
	}
	t.Logf("%s: %d of %d planted mistakes found", a.Name, all-missed, all)
	if all < planted {
		t.Errorf("%d planted mistakes, want at least %d", all, planted)
	}
	if (all-missed)*planted < found*all {
		t.Errorf("found %d of %d, want nine of ten", all-missed, all)
	}
}

func reported(ds []analysis.Diagnostic, d *ast.FuncDecl) bool {
	for _, diag := range ds {
		if d.Pos() <= diag.Pos && diag.Pos < d.End() {
			return true
		}
	}
	return false
}

// Dir returns the folder of the mistakes. It sees to it that the modules they need
// are on the machine, since they are loaded without asking the network.
func Dir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	get := exec.Command("go", "mod", "download")
	get.Dir = dir
	if out, err := get.CombinedOutput(); err != nil {
		t.Fatalf("go mod download in %s: %v\n%s", dir, err, out)
	}
	return dir
}
