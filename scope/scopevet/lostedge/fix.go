package lostedge

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/analysis"

	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

// useFix makes a call of Value one of Use with the context of f. There is none
// where Value is not called, nor in a literal, which may run when the context of
// the open function has ended.
func (c *check) useFix(f *role.Func, sel *ast.SelectorExpr) []analysis.SuggestedFix {
	var call *ast.CallExpr
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if e, ok := n.(*ast.CallExpr); ok && e.Fun == ast.Expr(sel) {
			call = e
		}
		_, lit := n.(*ast.FuncLit)
		return !lit
	})
	ctx, edits, ok := c.nameContext(f, sel.Pos())
	if call == nil || !ok {
		return nil
	}
	edits = append(edits, analysis.TextEdit{Pos: sel.Sel.Pos(), End: call.End(), NewText: []byte("Use(" + ctx + ")")})
	return []analysis.SuggestedFix{{Message: "Use the handle through the context", TextEdits: edits}}
}

// contextFix puts the context of f in the place of another, unless that would leave
// a variable that nothing uses.
func (c *check) contextFix(f *role.Func, other ast.Expr) []analysis.SuggestedFix {
	ctx, edits, ok := c.nameContext(f, other.Pos())
	if !ok || c.usedOnce(other) {
		return nil
	}
	edits = append(edits, analysis.TextEdit{Pos: other.Pos(), End: other.End(), NewText: []byte(ctx)})
	return []analysis.SuggestedFix{{Message: "Use the context of the open function", TextEdits: edits}}
}

// usedOnce reports whether e is a local variable that is used nowhere else.
func (c *check) usedOnce(e ast.Expr) bool {
	v := c.fs.Var(e)
	if v == nil || len(c.fs.Values(v)) == 0 { // a parameter has no value here
		return false
	}
	n := 0
	for _, obj := range c.TypesInfo.Uses {
		if obj == v {
			n++
		}
	}
	return n == 1
}

// nameContext returns the name of f's context at pos. A parameter without a name
// gets one if that hides nothing that the function uses.
func (c *check) nameContext(f *role.Func, pos token.Pos) (name string, edits []analysis.TextEdit, ok bool) {
	if f.Ctx != nil {
		inner := c.Pkg.Scope().Innermost(pos)
		if inner == nil {
			return "", nil, false
		}
		_, obj := inner.LookupParent(f.Ctx.Name(), pos)
		return f.Ctx.Name(), nil, obj == f.Ctx
	}
	for n := range c.within(f.Node, f.Node) {
		if id, is := n.(*ast.Ident); is && id.Name == "ctx" {
			return "", nil, false
		}
	}
	first := f.Type.Params.List[0]
	switch {
	case !role.IsContext(c.TypesInfo.TypeOf(first.Type)):
		return "", nil, false
	case len(first.Names) == 1:
		return "ctx", []analysis.TextEdit{{Pos: first.Names[0].Pos(), End: first.Names[0].End(), NewText: []byte("ctx")}}, true
	case len(first.Names) == 0 && len(f.Type.Params.List) == 1:
		return "ctx", []analysis.TextEdit{{Pos: first.Type.Pos(), End: first.Type.Pos(), NewText: []byte("ctx ")}}, true
	}
	return "", nil, false
}
