package role

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/types/typeutil"
)

// declare remembers declarations of functions and what is assigned to variables.
func (fs *Funcs) declare(n ast.Node) {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if fn, ok := fs.info.Defs[n.Name].(*types.Func); ok {
			fs.Decls[fn] = n
		}
	case *ast.ValueSpec:
		for i, id := range n.Names {
			if len(n.Values) > 0 {
				fs.assign(id, valueAt(n.Values, len(n.Names), i))
			}
		}
	case *ast.AssignStmt:
		for i, lhs := range n.Lhs {
			fs.assign(lhs, valueAt(n.Rhs, len(n.Lhs), i))
		}
	case *ast.RangeStmt:
		fs.assign(n.Key, nil)
		fs.assign(n.Value, nil)
	}
}

// valueAt returns the expression that the i-th of n variables is assigned. A call
// with several results stands for each of them.
func valueAt(values []ast.Expr, n, i int) ast.Expr {
	if len(values) == n {
		return values[i]
	}
	return values[0]
}

func (fs *Funcs) assign(lhs, value ast.Expr) {
	if v := fs.Var(lhs); v != nil {
		fs.vars[v] = append(fs.vars[v], value)
	}
}

// Var returns the variable that e names, or nil.
func (fs *Funcs) Var(e ast.Expr) *types.Var {
	id, ok := e.(*ast.Ident)
	if !ok {
		return nil
	}
	v, _ := fs.info.ObjectOf(id).(*types.Var)
	return v
}

// Values returns what the package assigns to v. A nil among them is a value that
// is no expression, such as an element of a range.
func (fs *Funcs) Values(v *types.Var) []ast.Expr { return fs.vars[v] }

// Decl returns the declaration, in this package, of the function that e calls or
// names.
func (fs *Funcs) Decl(e ast.Expr) *ast.FuncDecl {
	var obj types.Object
	switch e := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		obj = typeutil.Callee(fs.info, e)
	case *ast.Ident:
		obj = fs.info.Uses[e]
	case *ast.SelectorExpr:
		obj = fs.info.Uses[e.Sel]
	}
	fn, ok := obj.(*types.Func)
	if !ok {
		return nil
	}
	return fs.Decls[fn.Origin()]
}

// resolve returns the literal or declaration behind a function value: the
// literal itself, one that a variable is assigned and no other, a function or
// method of this package, or the one literal that such a function returns.
func (fs *Funcs) resolve(e ast.Expr, depth int) ast.Node {
	if depth > 4 { // a chain of makers that has no end
		return nil
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.FuncLit:
		return e
	case *ast.IndexExpr:
		return fs.resolve(e.X, depth+1)
	case *ast.IndexListExpr:
		return fs.resolve(e.X, depth+1)
	case *ast.CallExpr:
		if tv := fs.info.Types[e.Fun]; tv.IsType() && len(e.Args) == 1 { // a conversion
			return fs.resolve(e.Args[0], depth+1)
		}
		return fs.made(e, depth)
	case *ast.Ident:
		if v := fs.Var(e); v != nil {
			if values := fs.vars[v]; len(values) == 1 && values[0] != nil {
				return fs.resolve(values[0], depth+1)
			}
			return nil
		}
	}
	if d := fs.Decl(e); d != nil {
		return d
	}
	return nil
}

// made returns the function that a call of a function of this package returns, if
// its only return statement says which.
func (fs *Funcs) made(call *ast.CallExpr, depth int) ast.Node {
	d := fs.Decl(call)
	if d == nil || d.Body == nil {
		return nil
	}
	var returns []*ast.ReturnStmt
	ast.Inspect(d.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			returns = append(returns, n)
		}
		return true
	})
	if len(returns) != 1 || len(returns[0].Results) != 1 {
		return nil
	}
	return fs.resolve(returns[0].Results[0], depth+1)
}
