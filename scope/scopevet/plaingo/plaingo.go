package plaingo

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/ebb-go/ebb/scope/scopevet/internal/doc"
	"github.com/ebb-go/ebb/scope/scopevet/internal/report"
	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

//go:embed doc.go
var text string

// Analyzer reports a go statement that captures a scope or its context.
var Analyzer = report.Flags(&analysis.Analyzer{
	Name:     "plaingo",
	Doc:      doc.Of(text, "plaingo"),
	Requires: []*analysis.Analyzer{role.Analyzer},
	Run:      run,
})

func run(pass *analysis.Pass) (any, error) {
	if !role.Imported(pass.Pkg) {
		return nil, nil
	}
	c := &check{pass, pass.ResultOf[role.Analyzer].(*role.Funcs)}
	out := report.New(pass)
	for _, f := range c.fs.All {
		if f.Node != nil && f.Kind != role.Drop { // a drop may leave behind what does not end in time
			c.look(out, f)
		}
	}
	for f := range c.fs.Helpers() {
		c.look(out, f)
	}
	return nil, nil
}

// A check is one run of the analyzer.
type check struct {
	*analysis.Pass
	fs *role.Funcs
}

// look reports the go statements of f, but not those in functions that f hands to
// ebb, which have their turn.
func (c *check) look(out *report.Reporter, f *role.Func) {
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return c.fs.Lit(n) == nil
		case *ast.GoStmt:
			if id := c.captures(f, n); id != nil && !c.awaited(f, n) {
				out.Report(analysis.Diagnostic{Pos: n.Pos(), End: n.Call.Fun.Pos(), SuggestedFixes: c.fix(f, n),
					Message: fmt.Sprintf("the goroutine uses %s, and the scope does not wait for it: start it with Go", id.Name)})
			}
		}
		return true
	})
}

// captures returns a variable from outside of the go statement that is a scope, a
// context of one or a handle.
func (c *check) captures(f *role.Func, stmt *ast.GoStmt) (found *ast.Ident) {
	ast.Inspect(stmt.Call, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok || found != nil {
			return found == nil
		}
		v, ok := c.TypesInfo.Uses[id].(*types.Var)
		if !ok || v.IsField() || stmt.Pos() <= v.Pos() && v.Pos() < stmt.End() {
			return true
		}
		switch {
		case role.TypeName(v.Type()) == "scope.Scope", role.IsNode(v.Type()),
			role.IsContext(v.Type()) && (c.fs.Origin(f, id) == role.Own || c.ofOuter(f, v)):
			found = id
		}
		return found == nil
	})
	return found
}

// ofOuter reports whether v is the context of a function handed to ebb in which f lies.
func (c *check) ofOuter(f *role.Func, v *types.Var) bool {
	for _, outer := range c.fs.All {
		if outer.Node != nil && outer.Ctx == v && outer.Within(f.Node) {
			return true
		}
	}
	return false
}
