package role

import (
	"go/ast"
	"go/types"
)

// Origin is where a context comes from, as seen from inside a function that ebb
// calls with one.
type Origin uint8

const (
	Unknown Origin = iota
	Own            // it is the function's, or made from it
	Foreign        // it comes from outside of the function
)

// Origin returns where the context e, in the function f, comes from. A context
// that is the parameter of a literal inside f is taken for f's.
func (fs *Funcs) Origin(f *Func, e ast.Expr) Origin {
	return fs.origin(f, e, map[*types.Var]bool{})
}

func (fs *Funcs) origin(f *Func, e ast.Expr, seen map[*types.Var]bool) Origin {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		if v := fs.Var(e); v != nil {
			return fs.originOfVar(f, v, seen)
		}
	case *ast.SelectorExpr: // a context that is kept in a field
		if root := fs.Root(e); root != nil && !f.Owns(root) {
			return Foreign
		}
	case *ast.CallExpr:
		return fs.originOfCall(f, e, seen)
	}
	return Unknown
}

func (fs *Funcs) originOfVar(f *Func, v *types.Var, seen map[*types.Var]bool) Origin {
	if v == f.Ctx {
		return Own
	}
	if seen[v] {
		return Foreign // it adds nothing to what the others say
	}
	seen[v] = true
	var inside []ast.Expr
	for _, value := range fs.vars[v] {
		if value == nil {
			return Unknown
		}
		if f.Within(value) {
			inside = append(inside, value)
		}
	}
	if len(inside) == 0 {
		if f.Owns(v) {
			return Own // the parameter of a literal inside f
		}
		return Foreign
	}
	for _, value := range inside {
		if o := fs.origin(f, value, seen); o != Foreign {
			return o
		}
	}
	return Foreign
}

// originOfCall looks at what a context is made from. A call that is given none
// makes it from its receiver, as the Context method of a request does.
func (fs *Funcs) originOfCall(f *Func, call *ast.CallExpr, seen map[*types.Var]bool) Origin {
	if Callee(fs.info, call) == "scope.Scope.Context" {
		return Foreign
	}
	some := false
	for _, arg := range call.Args {
		if t := fs.info.TypeOf(arg); t != nil && IsContext(t) {
			some = true
			if o := fs.origin(f, arg, seen); o != Foreign {
				return o
			}
		}
	}
	if some {
		return Foreign
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return Unknown
	}
	if id, ok := sel.X.(*ast.Ident); ok {
		if pkg, ok := fs.info.Uses[id].(*types.PkgName); ok {
			if pkg.Imported().Path() == "context" {
				return Foreign // Background and TODO
			}
			return Unknown
		}
	}
	if root := fs.Root(sel.X); root != nil && !f.Owns(root) {
		return Foreign
	}
	return Unknown
}

// Root returns the variable that a chain of fields, elements and dereferences
// begins with.
func (fs *Funcs) Root(e ast.Expr) *types.Var {
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.Ident:
			return fs.Var(x)
		case *ast.SelectorExpr:
			if id, ok := x.X.(*ast.Ident); ok {
				if _, ok := fs.info.Uses[id].(*types.PkgName); ok {
					return fs.Var(x.Sel) // a variable of another package
				}
			}
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.UnaryExpr:
			e = x.X
		default:
			return nil
		}
	}
}
