package role

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

// Ebb is the path of ebb's module.
const Ebb = "github.com/ebb-go/ebb/"

// Imported reports whether pkg imports a package of ebb. The checks have nothing
// to do in one that does not.
func Imported(pkg *types.Package) bool {
	for _, p := range pkg.Imports() {
		if _, ok := short(p); ok {
			return true
		}
	}
	_, self := short(pkg)
	return self
}

// short returns the path of a package of ebb without that of the module.
func short(pkg *types.Package) (string, bool) {
	if pkg == nil {
		return "", false
	}
	path := pkg.Path()
	if _, after, ok := strings.Cut(path, "/vendor/"); ok {
		path = after
	}
	return strings.CutPrefix(path, Ebb)
}

// Name returns the name of a function of ebb, such as "scope.Acquire" or
// "scope.Handle.Use", and "" for any other.
func Name(fn *types.Func) string {
	if fn == nil {
		return ""
	}
	pkg, ok := short(fn.Pkg())
	if !ok {
		return ""
	}
	if recv := fn.Signature().Recv(); recv != nil {
		if named := namedOf(recv.Type()); named != nil {
			return pkg + "." + named.Obj().Name() + "." + fn.Name()
		}
		return ""
	}
	return pkg + "." + fn.Name()
}

// Callee returns the name of the function of ebb that call calls, or "".
func Callee(info *types.Info, call *ast.CallExpr) string {
	fn, _ := typeutil.Callee(info, call).(*types.Func)
	return Name(fn)
}

// TypeName returns the name of a type of ebb or of a pointer to one, such as
// "scope.Handle", and "" for any other.
func TypeName(t types.Type) string {
	named := namedOf(t)
	if named == nil {
		return ""
	}
	pkg, ok := short(named.Obj().Pkg())
	if !ok {
		return ""
	}
	return pkg + "." + named.Obj().Name()
}

// IsContext reports whether t is context.Context.
func IsContext(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Name() == "Context" && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "context"
}

// IsNode reports whether t is what a scope hands out for what it owns: a handle,
// a lazy handle, a slot, a daemon.
func IsNode(t types.Type) bool {
	switch TypeName(t) {
	case "scope.Handle", "scope.LazyHandle", "scope.Slot", "scope.Slots", "scope.Daemon":
		return true
	}
	return false
}

func namedOf(t types.Type) *types.Named {
	if t == nil {
		return nil
	}
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	named, _ := t.(*types.Named)
	return named
}

// IsError reports whether t is the type error.
func IsError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// Written returns the source of a called function, without its type arguments.
func Written(fun ast.Expr) string {
	switch e := ast.Unparen(fun).(type) {
	case *ast.IndexExpr:
		return Written(e.X)
	case *ast.IndexListExpr:
		return Written(e.X)
	default:
		return types.ExprString(e)
	}
}
