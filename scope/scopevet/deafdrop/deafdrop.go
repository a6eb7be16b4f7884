package deafdrop

import (
	_ "embed"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/ebb-go/ebb/scope/scopevet/internal/doc"
	"github.com/ebb-go/ebb/scope/scopevet/internal/report"
	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

//go:embed doc.go
var text string

// Analyzer reports a drop function that ignores its context while it waits.
var Analyzer = report.Flags(&analysis.Analyzer{
	Name:     "deafdrop",
	Doc:      doc.Of(text, "deafdrop"),
	Requires: []*analysis.Analyzer{role.Analyzer},
	Run:      run,
})

func run(pass *analysis.Pass) (any, error) {
	if !role.Imported(pass.Pkg) {
		return nil, nil
	}
	fs := pass.ResultOf[role.Analyzer].(*role.Funcs)
	out := report.New(pass)
	for _, f := range fs.All {
		if f.Kind == role.Drop && f.Node != nil {
			listen(pass, out, f.Body, f.Ctx)
		}
	}
	for fn, d := range fs.Decls {
		if ctx, ok := dropMethod(fn); ok && d.Body != nil {
			listen(pass, out, d.Body, ctx)
		}
	}
	return nil, nil
}

// dropMethod reports whether fn is what guard.Of needs, and returns its context, nil if
// that has no name.
func dropMethod(fn *types.Func) (ctx *types.Var, ok bool) {
	sig := fn.Signature()
	if fn.Name() != "Drop" || sig.Recv() == nil || sig.Params().Len() != 1 || sig.Results().Len() != 1 {
		return nil, false
	}
	ctx = sig.Params().At(0)
	return ctx, role.IsContext(ctx.Type()) && role.IsError(sig.Results().At(0).Type())
}

// listen checks the body of a drop function.
func listen(pass *analysis.Pass, out *report.Reporter, body *ast.BlockStmt, ctx *types.Var) {
	e := &ear{info: pass.TypesInfo, heard: map[types.Object]bool{}}
	if ctx != nil {
		e.heard[ctx] = true
	}
	e.derive(body)
	if e.handedOn(body) {
		return
	}
	ast.Inspect(body, func(n ast.Node) bool {
		what := ""
		switch n := n.(type) {
		case *ast.GoStmt:
			return false // it keeps no drop from returning
		case *ast.SelectStmt:
			if blocks(n) && !e.selects(n) {
				what = "this select has no case for the context of the drop"
			}
		case *ast.ForStmt:
			if !e.mentions(n) && e.lasts(n) {
				what = "this loop does not look at the context of the drop"
			}
		case *ast.RangeStmt:
			if !e.mentions(n) && e.rangeLasts(n) {
				what = "this loop does not look at the context of the drop"
			}
		}
		if what != "" {
			out.Report(analysis.Diagnostic{Pos: n.Pos(), Message: what + ": it goes on when the time for it is up"})
		}
		return what == ""
	})
}
