package lostedge

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

// reads is the fact that a function reads handles by Value without using them
// through a context of its own.
type reads struct {
	Params []int          // by their place
	fields []types.Object // of this package
}

func (*reads) AFact() {}

func (r *reads) String() string { return fmt.Sprintf("reads%v", r.Params) }

func typeutilCallee(info *types.Info, call *ast.CallExpr) types.Object {
	if fn, ok := typeutil.Callee(info, call).(*types.Func); ok {
		return fn.Origin()
	}
	return nil
}

// summarize finds which functions of the package read handles, and leaves the facts
// about those that other packages can call.
func (c *check) summarize() {
	for fn := range c.fs.Decls {
		if r := c.readsOf(fn); len(r.Params) > 0 && fn.Exported() {
			c.ExportObjectFact(fn, r)
		}
	}
}

// readsOf returns the fact of fn, which is empty while it is being computed.
func (c *check) readsOf(fn *types.Func) *reads {
	if r := c.reads[fn]; r != nil {
		return r
	}
	r := &reads{}
	c.reads[fn] = r
	d := c.fs.Decls[fn]
	if d == nil || d.Body == nil {
		if fn.Pkg() != c.Pkg {
			c.ImportObjectFact(fn, r)
		}
		return r
	}
	found, used := map[types.Object]bool{}, map[types.Object]bool{}
	for n := range c.within(d.Body, nil) {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			switch {
			case c.isValue(n):
				found[c.key(n.X)] = true
			case c.isMethod(n, "scope.Handle.Use"), c.isMethod(n, "scope.Handle.Borrow"):
				used[c.key(n.X)] = true
			}
		case *ast.CallExpr:
			for _, e := range c.readBy(n) {
				found[e] = true
			}
		}
	}
	params := fn.Signature().Params()
	for obj := range found {
		if used[obj] || obj == nil {
			continue
		}
		if v, ok := obj.(*types.Var); ok && v.IsField() {
			r.fields = append(r.fields, v)
		}
		for i := range params.Len() {
			if params.At(i) == obj {
				r.Params = append(r.Params, i)
			}
		}
	}
	slices.Sort(r.Params)
	return r
}

// readBy returns what the function that call calls reads of its arguments, and of
// the fields of its package.
func (c *check) readBy(call *ast.CallExpr) []types.Object {
	fn, ok := typeutilCallee(c.TypesInfo, call).(*types.Func)
	if !ok || role.Name(fn) != "" {
		return nil
	}
	r := c.readsOf(fn)
	objs := slices.Clone(r.fields)
	for _, i := range r.Params {
		if i < len(call.Args) {
			objs = append(objs, c.key(call.Args[i]))
		}
	}
	return objs
}

// passed reports a call in the open function f of a function that reads a handle.
func (c *check) passed(f *role.Func, call *ast.CallExpr, known *known) {
	for _, obj := range c.readBy(call) {
		if obj != nil && !known.has(obj) {
			c.report(call, nil, "%s reads %s by Value, which records no edge in the open function of %s",
				types.ExprString(call.Fun), obj.Name(), c.guardOf(f))
			return
		}
	}
}
