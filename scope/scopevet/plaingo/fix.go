package plaingo

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

// fix makes a task of a goroutine that has no parameters, no results and no return
// statement, where the scope has a name.
func (c *check) fix(f *role.Func, stmt *ast.GoStmt) []analysis.SuggestedFix {
	lit, ok := stmt.Call.Fun.(*ast.FuncLit)
	if !ok || f.Scope == nil || len(stmt.Call.Args) > 0 || returns(lit.Body) {
		return nil
	}
	pkg := c.contextName(stmt)
	inner := c.Pkg.Scope().Innermost(stmt.Pos())
	if pkg == "" || inner == nil {
		return nil
	}
	if _, s := inner.LookupParent(f.Scope.Name(), stmt.Pos()); s != f.Scope {
		return nil
	}
	param := ""
	if f.Ctx != nil {
		if _, ctx := inner.LookupParent(f.Ctx.Name(), stmt.Pos()); ctx == f.Ctx {
			param = f.Ctx.Name() + " "
		}
	}
	end := ""
	if n := len(lit.Body.List); n > 0 && c.line(lit.Body.List[n-1].End()) == c.line(lit.Body.Rbrace) {
		end = "\n" // it is all in one line
	}
	return []analysis.SuggestedFix{{Message: "Start a task of the scope", TextEdits: []analysis.TextEdit{
		{Pos: stmt.Pos(), End: lit.Body.Pos(), NewText: []byte(f.Scope.Name() + `.Go("task", func(` + param + pkg + ".Context) error ")},
		{Pos: lit.Body.Rbrace, End: stmt.End(), NewText: []byte(end + "return nil\n})")},
	}}}
}

func (c *check) line(pos token.Pos) int { return c.Fset.Position(pos).Line }

func returns(body ast.Node) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			found = true
		}
		return true
	})
	return found
}

// contextName returns the name of package context where stmt is, or "".
func (c *check) contextName(stmt *ast.GoStmt) string {
	for _, file := range c.Files {
		if file.FileStart > stmt.Pos() || stmt.Pos() >= file.FileEnd {
			continue
		}
		for _, spec := range file.Imports {
			if pkg, ok := c.TypesInfo.PkgNameOf(spec), spec.Path.Value == `"context"`; ok && pkg != nil && pkg.Name() != "_" && pkg.Name() != "." {
				if _, obj := c.Pkg.Scope().Innermost(stmt.Pos()).LookupParent(pkg.Name(), stmt.Pos()); obj == types.Object(pkg) {
					return pkg.Name()
				}
			}
		}
	}
	return ""
}
