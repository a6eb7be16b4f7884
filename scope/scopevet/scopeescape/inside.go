package scopeescape

import (
	"go/ast"
	"go/token"
	"go/types"

	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

// inside returns what of the scope of the body the expression e is or holds, and ""
// if it is nothing of it. t is the type of what e is assigned to: of the results of a
// call that is the one.
func (c *check) inside(e ast.Expr, t types.Type) string {
	switch e := ast.Unparen(e).(type) {
	case *ast.CompositeLit:
		return c.held(e)
	case *ast.UnaryExpr:
		if e.Op == token.AND {
			return c.inside(e.X, c.TypesInfo.TypeOf(e.X))
		}
	case *ast.CallExpr:
		if id, ok := ast.Unparen(e.Fun).(*ast.Ident); ok && c.TypesInfo.Uses[id] == types.Universe.Lookup("append") {
			for _, arg := range e.Args[1:] {
				if what := c.inside(arg, c.TypesInfo.TypeOf(arg)); what != "" {
					return what
				}
			}
			return ""
		}
		if c.madeOn(e) {
			return kind(t)
		}
	}
	if t == nil || types.IsInterface(t) {
		t = c.TypesInfo.TypeOf(e) // what is in it
	}
	switch what := kind(t); {
	case what == "a context":
		if c.fs.Origin(c.f, e) == role.Own {
			return "the context " + types.ExprString(e)
		}
	case what != "":
		if root := c.fs.Root(e); root != nil && c.own(root) && c.ofBody(root) {
			return what[len("a "):] + " " + types.ExprString(e)
		}
	}
	return ""
}

// held is inside for the elements of a literal of a structure, slice or map.
func (c *check) held(lit *ast.CompositeLit) string {
	for _, elt := range lit.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			elt = kv.Value
		}
		if what := c.inside(elt, c.TypesInfo.TypeOf(elt)); what != "" {
			return what
		}
	}
	return ""
}

// kind returns what a value of type t is to a scope, or "".
func kind(t types.Type) string {
	switch {
	case t == nil:
		return ""
	case role.IsContext(t):
		return "a context"
	case role.TypeName(t) == "scope.Scope":
		return "a scope"
	case role.TypeName(t) == "scope.Daemon":
		return "a daemon"
	case role.IsNode(t):
		return "a handle"
	}
	return ""
}

// madeOn reports whether call makes something on the scope of the body, or on a child
// of it.
func (c *check) madeOn(call *ast.CallExpr) bool {
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && role.TypeName(c.TypesInfo.TypeOf(sel.X)) == "scope.Scope" {
		return c.isScope(sel.X)
	}
	for _, arg := range call.Args {
		if role.TypeName(c.TypesInfo.TypeOf(arg)) == "scope.Scope" {
			return c.isScope(arg)
		}
	}
	return false
}

func (c *check) isScope(e ast.Expr) bool {
	root := c.fs.Root(e)
	return root != nil && c.own(root) && c.ofBody(root)
}

// ofBody reports whether v, a variable of the body, is or holds something of its scope:
// it is a parameter, or some value of it was made on that scope.
func (c *check) ofBody(v *types.Var) bool {
	values := c.fs.Values(v)
	for _, value := range values {
		switch value := ast.Unparen(orNil(value)).(type) {
		case *ast.CallExpr:
			if c.madeOn(value) {
				return true
			}
		case *ast.Ident:
			if inner := c.fs.Var(value); inner != nil && inner != v && c.own(inner) && c.ofBody(inner) {
				return true
			}
		}
	}
	return len(values) == 0 && v == c.f.Scope
}

// orNil makes an expression of the lack of one.
func orNil(e ast.Expr) ast.Expr {
	if e == nil {
		return &ast.BadExpr{}
	}
	return e
}
