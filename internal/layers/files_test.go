package layers_test

import (
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// short are the packages whose files have been brought to one noun each.
var short = []string{
	"guard", "guard/guardtest", "scope", "trace",
	"internal/budget", "internal/dag", "internal/fault", "internal/life", "internal/outcome", "internal/record", "internal/term",
}

// The house rules for files.
const (
	maxLines     = 250 // of a file
	maxTestLines = 400 // of a file of tests: longer ones are split by subject
	maxCycle     = 8   // files of package scope, the largest room, that need each other
)

// TestFilesAreShort keeps a file at one noun.
func TestFilesAreShort(t *testing.T) {
	for _, f := range files(t) {
		if !slices.Contains(short, f.pkg) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, f.name))
		if err != nil {
			t.Fatal(err)
		}
		limit := maxLines
		if f.test {
			limit = maxTestLines
		}
		if n := strings.Count(string(text), "\n"); n > limit {
			t.Errorf("%s has %d lines, more than %d: it is about more than one thing", f.name, n, limit)
		}
	}
}

// TestFilesOfScopeHaveAnOrder keeps the files of package scope readable one after
// another: a file needs those whose declarations it uses, and only a few at the bottom,
// with the types that hold each other, may need each other.
func TestFilesOfScopeHaveAnOrder(t *testing.T) {
	needs := needsOf(t, "scope")
	if len(needs) < 10 {
		t.Fatalf("found uses in %d files: not looking in the right place", len(needs))
	}
	for _, cycle := range cycles(needs) {
		if len(cycle) > maxCycle {
			t.Errorf("%d files need each other, more than %d: %v", len(cycle), maxCycle, cycle)
			for _, a := range cycle {
				for b, names := range needs[a] {
					if slices.Contains(cycle, b) {
						t.Logf("%s uses of %s: %v", a, b, names)
					}
				}
			}
		}
	}
}

// noImports stands in for all other packages. What comes from them has no type then;
// what a package declares itself has one all the same.
type noImports struct{}

func (noImports) Import(path string) (*types.Package, error) {
	p := types.NewPackage(path, path[strings.LastIndexByte(path, '/')+1:])
	p.MarkComplete()
	return p, nil
}

// needsOf returns, for each file of a package, the files whose declarations it uses,
// fields and methods among them, and which it uses.
func needsOf(t *testing.T, pkg string) map[string]map[string][]string {
	t.Helper()
	var trees []*ast.File
	var set *token.FileSet
	for _, f := range files(t) {
		if f.pkg == pkg && !f.test {
			trees, set = append(trees, f.tree), f.set
		}
	}
	info := types.Info{Uses: make(map[*ast.Ident]types.Object)}
	conf := types.Config{Importer: noImports{}, Error: func(error) {}}
	own, _ := conf.Check(module+"/"+pkg, set, trees, &info) // it has errors, as above
	needs := make(map[string]map[string][]string)
	for id, o := range info.Uses {
		switch of := o.(type) {
		case *types.Func:
			o = of.Origin()
		case *types.Var:
			o = of.Origin()
			if !of.IsField() && o.Parent() != own.Scope() {
				continue // a local one
			}
		}
		if _, param := o.Type().(*types.TypeParam); param || o.Pkg() != own {
			continue
		}
		from, to := filepath.Base(set.Position(id.Pos()).Filename), filepath.Base(set.Position(o.Pos()).Filename)
		if from == to {
			continue
		}
		if needs[from] == nil {
			needs[from] = make(map[string][]string)
		}
		if !slices.Contains(needs[from][to], o.Name()) {
			needs[from][to] = append(needs[from][to], o.Name())
		}
	}
	return needs
}

// cycles returns the sets of files that can all be reached from each other.
func cycles(needs map[string]map[string][]string) (all [][]string) {
	reach := make(map[string]map[string]bool)
	for a := range needs {
		seen := make(map[string]bool)
		queue := []string{a}
		for len(queue) > 0 {
			at := queue[0]
			queue = queue[1:]
			for b := range needs[at] {
				if !seen[b] {
					seen[b] = true
					queue = append(queue, b)
				}
			}
		}
		reach[a] = seen
	}
	done := make(map[string]bool)
	for a := range needs {
		if done[a] || !reach[a][a] {
			continue
		}
		var cycle []string
		for b := range reach[a] {
			if reach[b][a] {
				cycle, done[b] = append(cycle, b), true
			}
		}
		slices.Sort(cycle)
		all = append(all, cycle)
	}
	return all
}

// TestCyclesAreFound checks the check.
func TestCyclesAreFound(t *testing.T) {
	uses := func(files ...string) map[string][]string {
		m := make(map[string][]string)
		for _, f := range files {
			m[f] = nil
		}
		return m
	}
	found := cycles(map[string]map[string][]string{
		"a": uses("b", "d"), "b": uses("c"), "c": uses("a"), "d": uses("e"), "e": uses("f"),
	})
	if len(found) != 1 || !slices.Equal(found[0], []string{"a", "b", "c"}) {
		t.Errorf("cycles %v, want one of a, b and c", found)
	}
}
