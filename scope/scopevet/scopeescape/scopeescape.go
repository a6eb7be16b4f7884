package scopeescape

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

// Analyzer reports a scope, its context or a handle that escapes its Run.
var Analyzer = report.Flags(&analysis.Analyzer{
	Name:     "scopeescape",
	Doc:      doc.Of(text, "scopeescape"),
	Requires: []*analysis.Analyzer{role.Analyzer},
	Run:      run,
})

func run(pass *analysis.Pass) (any, error) {
	if !role.Imported(pass.Pkg) {
		return nil, nil
	}
	fs := pass.ResultOf[role.Analyzer].(*role.Funcs)
	out := report.New(pass)
	for _, f := range fs.All {
		if f.Kind == role.Body && f.Node != nil {
			c := &check{pass, fs, f, out}
			c.body()
			if f.To == "scope.RunValue" {
				c.results()
			}
		}
	}
	return nil, nil
}

// A check looks at one body.
type check struct {
	*analysis.Pass
	fs  *role.Funcs
	f   *role.Func
	out *report.Reporter
}

// body looks at all that may let something out.
func (c *check) body() {
	ast.Inspect(c.f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, lhs := range n.Lhs {
				what := c.inside(n.Rhs[min(i, len(n.Rhs)-1)], c.TypesInfo.TypeOf(lhs))
				if where := c.outside(lhs); what != "" && where != "" {
					c.report(lhs, "%s is kept in %s, %s, when Run has returned", what, types.ExprString(lhs), where)
				}
			}
		case *ast.SendStmt:
			what := c.inside(n.Value, c.TypesInfo.TypeOf(n.Value))
			if root := c.fs.Root(n.Chan); what != "" && root != nil && !c.own(root) {
				c.report(n, "%s is sent on %s, which may be received from when Run has returned", what, types.ExprString(n.Chan))
			}
		case *ast.CallExpr:
			c.stored(n)
		}
		return true
	})
}

// results looks at what the body of a RunValue returns itself.
func (c *check) results() {
	ast.Inspect(c.f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			if len(n.Results) == 0 {
				return true
			}
			sig := c.TypesInfo.TypeOf(c.f.Type).(*types.Signature)
			if what := c.inside(n.Results[0], sig.Results().At(0).Type()); what != "" {
				c.report(n.Results[0], "%s is returned from its RunValue, which has closed the scope then", what)
			}
		}
		return true
	})
}

// stored looks at a call of Store, LoadOrStore, Swap or CompareAndSwap of package sync
// or sync/atomic.
func (c *check) stored(call *ast.CallExpr) {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || !storing[sel.Sel.Name] {
		return
	}
	fn, ok := c.TypesInfo.Uses[sel.Sel].(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Pkg().Path() != "sync" && fn.Pkg().Path() != "sync/atomic" {
		return
	}
	root := c.fs.Root(sel.X)
	if root == nil || c.own(root) {
		return
	}
	for _, arg := range call.Args {
		if what := c.inside(arg, c.TypesInfo.TypeOf(arg)); what != "" {
			c.report(call, "%s is stored in %s when Run has returned", what, types.ExprString(sel.X))
		}
	}
}

var storing = map[string]bool{"Store": true, "LoadOrStore": true, "Swap": true, "CompareAndSwap": true}

func (c *check) report(at ast.Node, format string, args ...any) {
	c.out.Report(analysis.Diagnostic{Pos: at.Pos(), End: at.End(), Message: fmt.Sprintf(format, args...)})
}
