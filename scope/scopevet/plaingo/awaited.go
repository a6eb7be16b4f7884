package plaingo

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

// awaited reports whether f waits for the goroutine of stmt: it waits for a group that
// the goroutine leaves, or receives what the goroutine sends.
func (c *check) awaited(f *role.Func, stmt *ast.GoStmt) bool {
	signals := c.signals(stmt)
	if len(signals) == 0 {
		return false
	}
	found := false
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectStmt:
			return len(n.Body.List) == 1 // with others it may not wait for this one
		case *ast.GoStmt:
			if n == stmt {
				return false
			}
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW && signals[c.name(n.X)]
		case *ast.RangeStmt:
			found = found || signals[c.name(n.X)]
		case *ast.CallExpr:
			if recv, ok := c.method(n, "(*sync.WaitGroup).Wait"); ok {
				found = found || signals[recv]
			}
		}
		return !found
	})
	return found
}

// signals returns the channels and groups by which the goroutine says that it has
// ended.
func (c *check) signals(stmt *ast.GoStmt) map[types.Object]bool {
	signals := map[types.Object]bool{}
	ast.Inspect(stmt.Call, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SendStmt:
			signals[c.name(n.Chan)] = true
		case *ast.CallExpr:
			if recv, ok := c.method(n, "(*sync.WaitGroup).Done"); ok {
				signals[recv] = true
			}
			if id, ok := ast.Unparen(n.Fun).(*ast.Ident); ok && len(n.Args) == 1 && c.TypesInfo.Uses[id] == types.Universe.Lookup("close") {
				signals[c.name(n.Args[0])] = true
			}
		}
		return true
	})
	delete(signals, nil)
	return signals
}

// name returns what stands for e: a variable or a field.
func (c *check) name(e ast.Expr) types.Object {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return c.TypesInfo.ObjectOf(e)
	case *ast.SelectorExpr:
		return c.TypesInfo.ObjectOf(e.Sel)
	}
	return nil
}

// method returns the receiver of a call of the method.
func (c *check) method(call *ast.CallExpr, name string) (types.Object, bool) {
	fn, ok := typeutil.Callee(c.TypesInfo, call).(*types.Func)
	if !ok || fn.FullName() != name {
		return nil, false
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return nil, false
	}
	return c.name(sel.X), true
}
