package lostedge

import (
	"go/ast"
	"go/types"

	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

// readBefore returns the handle that e reads, if that is all that e does.
func (c *check) readBefore(e ast.Expr) (handle ast.Expr, ok bool) {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return nil, false
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || !c.isValue(sel) && !c.isMethod(sel, "scope.Handle.Use") {
		return nil, false
	}
	return sel.X, true
}

// captured reports a variable, used in the open function f, that was read from a
// handle outside of f.
func (c *check) captured(f *role.Func, id *ast.Ident, known *known) {
	v, ok := c.TypesInfo.Uses[id].(*types.Var)
	if !ok || f.Owns(v) {
		return
	}
	values := c.fs.Values(v)
	if len(values) != 1 || values[0] == nil {
		return
	}
	handle, ok := c.readBefore(values[0])
	if ok && !known.has(c.key(handle)) {
		known.objs[c.key(handle)] = true // once is enough
		c.report(id, nil, "%s was read from %s outside of the open function of %s, which records no edge: %s.Use(ctx) inside does",
			id.Name, types.ExprString(handle), c.guardOf(f), types.ExprString(handle))
	}
}

// arguments reports what is read where an open function is made or bound, which is
// before it runs: openCache(db.Value()), db.Value().Open.
func (c *check) arguments(f *role.Func, known *known) {
	ast.Inspect(f.Given, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.SelectorExpr:
			if (c.isValue(n) || c.isMethod(n, "scope.Handle.Use")) && !known.has(c.key(n.X)) {
				c.report(n.Sel, nil, "%s is read before the open function of %s runs, which records no edge: %s.Use(ctx) inside does",
					types.ExprString(n.X), c.guardOf(f), types.ExprString(n.X))
			}
		}
		return true
	})
}
