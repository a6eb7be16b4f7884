// Package layers_test checks the house rules that a compiler does not: imports
// rise and never descend, the root module stays light, and goroutines are
// started where somebody waits for them.
package layers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	module = "github.com/ebb-go/ebb"
	root   = "../.."
)

// mayImport says which packages of ebb a package may import. One that is not
// listed is a mistake: it has no place in the house yet.
var mayImport = map[string][]string{
	"internal/budget":   {},
	"internal/cputime":  {},
	"internal/dag":      {},
	"internal/engine":   {"internal/budget", "internal/fault", "internal/outcome", "internal/schedule"},
	"internal/fault":    {},
	"internal/layers":   {},
	"internal/life":     {"internal/fault"},
	"internal/outcome":  {},
	"internal/record":   {"internal/fault", "internal/outcome", "internal/schedule", "internal/term", "trace"},
	"internal/schedule": {},
	"internal/term":     {"internal/fault"},

	"guard": {"internal/fault", "internal/life"},
	"group": {"internal/engine", "internal/fault", "internal/outcome", "internal/schedule"},
	"trace": {"internal/budget", "internal/dag", "internal/fault", "internal/outcome", "internal/schedule", "internal/term"},

	"guard/guardtest": {"internal/fault", "guard"},
	"scope": {
		"internal/budget", "internal/engine", "internal/fault", "internal/life", "internal/outcome", "internal/record",
		"guard", "group", "trace",
	},
	"scope/scopetest": {"internal/fault", "internal/schedule", "guard", "group", "trace", "scope"},
	"scope/scopehttp": {"internal/fault", "guard", "group", "trace", "scope"},
}

// forTests are the packages that any test may import.
var forTests = []string{"internal/cputime", "guard/guardtest", "scope/scopetest"}

// mayStart says which packages may contain go statements. internal/fault waits
// for each of its own, unless it is foreign code that does not return.
var mayStart = []string{"guard", "guard/guardtest", "internal/engine", "internal/fault", "internal/life"}

// isNested reports whether dir is that of a module below the root's; the rules are
// the root's.
func isNested(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// file is a parsed file of the root module.
type file struct {
	name, pkg string // path of the file and of its package, from the root
	test      bool
	tree      *ast.File
	set       *token.FileSet
}

func files(t *testing.T) (all []file) {
	t.Helper()
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, name)
		rel = filepath.ToSlash(rel)
		if d.IsDir() && rel != "." && (isNested(name) || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(rel, ".go") {
			return nil
		}
		tree, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, file{rel, path.Dir(rel), strings.HasSuffix(rel, "_test.go"), tree, set})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("found %d files of the module: not looking in the right place", len(all))
	}
	return all
}

func TestImportsRise(t *testing.T) {
	for _, f := range files(t) {
		allowed, known := mayImport[f.pkg]
		if !known {
			t.Errorf("%s: package %s is not in the house plan", f.name, f.pkg)
			continue
		}
		for _, spec := range f.tree.Imports {
			imported, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module+"/")
			if !ours || f.test && (imported == f.pkg || slices.Contains(forTests, imported)) {
				continue // a test may use its own package and what is made for tests
			}
			if !slices.Contains(allowed, imported) {
				t.Errorf("%s: package %s imports %s", f.name, f.pkg, imported)
			}
		}
	}
}

func TestGoroutinesHaveAnOwner(t *testing.T) {
	for _, f := range files(t) {
		if f.test || slices.Contains(mayStart, f.pkg) {
			continue
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s: go statement outside of %v", f.set.Position(g.Pos()), mayStart)
			}
			return true
		})
	}
}

// allowed are the modules that the root's go.mod may require directly.
var allowed = regexp.MustCompile(`^(golang\.org/x/sync|go\.opentelemetry\.io/otel(/trace|/metric)?|go\.uber\.org/(multierr|goleak))$`)

func TestRootModuleStaysLight(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	direct := 0
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) < 2 || !strings.HasPrefix(fields[1], "v") || strings.Contains(line, "// indirect") {
			continue
		}
		direct++
		if !allowed.MatchString(fields[0]) {
			t.Errorf("go.mod requires %s", fields[0])
		}
	}
	if direct == 0 {
		t.Error("go.mod requires nothing: not read rightly")
	}
}

// TestGoleakIsForTests keeps the one module that only tests need out of what
// users build.
func TestGoleakIsForTests(t *testing.T) {
	for _, f := range files(t) {
		for _, spec := range f.tree.Imports {
			if !f.test && strings.Trim(spec.Path.Value, `"`) == "go.uber.org/goleak" {
				t.Errorf("%s imports goleak", f.name)
			}
		}
	}
}
