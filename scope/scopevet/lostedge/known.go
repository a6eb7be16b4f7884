package lostedge

import (
	"go/ast"
	"go/types"
	"iter"
	"strings"

	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

// known has what a guard is known to depend on.
type known struct {
	objs     map[types.Object]bool
	narrowed bool // by DependsOn
	unknown  bool // there are options that cannot be read here
}

func (k *known) has(obj types.Object) bool { return obj == nil || k.unknown || k.objs[obj] }

// key returns what stands for the handle e: the variable or the field.
func (c *check) key(e ast.Expr) types.Object {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return c.TypesInfo.ObjectOf(e)
	case *ast.SelectorExpr:
		return c.TypesInfo.ObjectOf(e.Sel)
	case *ast.CallExpr:
		if fn := typeutilCallee(c.TypesInfo, e); fn != nil {
			return fn
		}
	}
	if root := c.fs.Root(e); root != nil {
		return root
	}
	return nil
}

// declared returns what the options of the call that hands f over say, and Depend.
func (c *check) declared(f *role.Func) *known {
	k := &known{objs: map[types.Object]bool{}}
	for obj := range c.late {
		k.objs[obj] = true
	}
	k.unknown = f.Call.Ellipsis.IsValid()
	for _, arg := range f.Call.Args {
		if !strings.HasSuffix(role.TypeName(c.TypesInfo.TypeOf(arg)), "Option") {
			continue
		}
		opt, ok := ast.Unparen(arg).(*ast.CallExpr)
		if !ok {
			k.unknown = true
			continue
		}
		switch role.Callee(c.TypesInfo, opt) {
		case "scope.DependsOn":
			k.narrowed = true
			fallthrough
		case "scope.AlsoDependsOn":
			k.unknown = k.unknown || opt.Ellipsis.IsValid()
			for _, node := range opt.Args {
				k.objs[c.key(node)] = true
			}
		case "":
			k.unknown = true
		}
	}
	return k
}

// used adds what f uses through its own context.
func (c *check) used(f *role.Func, k *known) {
	for n := range c.inside(f) {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			continue
		}
		switch role.Callee(c.TypesInfo, call) {
		case "scope.Handle.Use", "scope.Handle.Borrow":
			sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
			if ok && c.fs.Origin(f, call.Args[0]) != role.Foreign {
				k.objs[c.key(sel.X)] = true
			}
		}
	}
}

// inside yields what is in the body of f, but not what is in functions that are
// handed to ebb there: those have a life of their own.
func (c *check) inside(f *role.Func) iter.Seq[ast.Node] {
	return c.within(f.Body, f.Node)
}

func (c *check) within(root, self ast.Node) iter.Seq[ast.Node] {
	return func(yield func(ast.Node) bool) {
		ok := true
		ast.Inspect(root, func(n ast.Node) bool {
			if lit, is := n.(*ast.FuncLit); is && n != self {
				if f := c.fs.Lit(lit); f != nil && f.Kind != role.Aside {
					return false
				}
			}
			ok = ok && (n == nil || yield(n))
			return ok
		})
	}
}

// isValue reports whether sel is the method Value of a handle, called or not.
func (c *check) isValue(sel *ast.SelectorExpr) bool { return c.isMethod(sel, "scope.Handle.Value") }

func (c *check) isMethod(sel *ast.SelectorExpr, name string) bool {
	fn, ok := c.TypesInfo.Uses[sel.Sel].(*types.Func)
	return ok && role.Name(fn) == name
}

// ofScope reports whether the handle e is certainly one of the scope to which f
// was given: what belongs to an outer scope outlives f anyway.
func (c *check) ofScope(e ast.Expr, f *role.Func) bool {
	v := c.fs.Var(ast.Unparen(e))
	s := c.scopeOf(f.Call)
	if v == nil || s == nil {
		return false
	}
	for _, value := range c.fs.Values(v) {
		if call, ok := value.(*ast.CallExpr); ok && c.scopeOf(call) == s {
			return true
		}
	}
	return false
}

// scopeOf returns the variable of the scope that call is given or is a method of.
func (c *check) scopeOf(call *ast.CallExpr) *types.Var {
	if call == nil {
		return nil
	}
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && role.TypeName(c.TypesInfo.TypeOf(sel.X)) == "scope.Scope" {
		return c.fs.Root(sel.X)
	}
	for _, arg := range call.Args {
		if role.TypeName(c.TypesInfo.TypeOf(arg)) == "scope.Scope" {
			return c.fs.Root(arg)
		}
	}
	return nil
}

// guardOf names the guard or daemon that f is for, as the code does.
func (c *check) guardOf(f *role.Func) string {
	for _, arg := range f.Call.Args {
		tv := c.TypesInfo.Types[arg]
		if basic, ok := types.Unalias(tv.Type).(*types.Basic); ok && basic.Info()&types.IsString != 0 {
			return types.ExprString(arg)
		}
	}
	return "a slot"
}
