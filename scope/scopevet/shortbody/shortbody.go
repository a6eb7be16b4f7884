package shortbody

import (
	_ "embed"
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/ebb-go/ebb/scope/scopevet/internal/doc"
	"github.com/ebb-go/ebb/scope/scopevet/internal/flow"
	"github.com/ebb-go/ebb/scope/scopevet/internal/report"
	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

//go:embed doc.go
var text string

// Analyzer reports a body that starts a daemon and returns at once.
var Analyzer = report.Flags(&analysis.Analyzer{
	Name:     "shortbody",
	Doc:      doc.Of(text, "shortbody"),
	Requires: []*analysis.Analyzer{role.Analyzer, flow.Analyzer},
	Run:      run,
})

func run(pass *analysis.Pass) (any, error) {
	if !role.Imported(pass.Pkg) {
		return nil, nil
	}
	fs := pass.ResultOf[flow.Analyzer].(*flow.Funcs)
	forms := map[ast.Node]*ssa.Function{}
	for _, fn := range fs.All {
		if fn.Syntax() != nil {
			forms[fn.Syntax()] = fn
		}
	}
	w := waits{known: map[*ssa.Function]bool{}}
	out := report.New(pass)
	for _, f := range pass.ResultOf[role.Analyzer].(*role.Funcs).All {
		if f.Kind != role.Body || f.Node == nil || forms[f.Node] == nil || w.always(forms[f.Node]) {
			continue
		}
		for start := range w.starts(forms[f.Node]) {
			at := fs.Syntax(start)
			if ret := w.leaves(start); ret != nil && at != nil {
				out.Report(analysis.Diagnostic{Pos: at.Pos(), End: at.Fun.End(), SuggestedFixes: waitFix(pass, f, ret.Pos()),
					Message: "the body returns as soon as " + role.Written(at.Fun) + " has started a daemon, which stops it: end the body with s.Wait(ctx)"})
			}
		}
	}
	return nil, nil
}

// waitFix puts a wait in the place of the nil that the body f returns at pos.
func waitFix(pass *analysis.Pass, f *role.Func, pos token.Pos) (fixes []analysis.SuggestedFix) {
	inner := pass.Pkg.Scope().Innermost(pos)
	if f.Ctx == nil || f.Scope == nil || inner == nil {
		return nil
	}
	_, ctx := inner.LookupParent(f.Ctx.Name(), pos)
	_, s := inner.LookupParent(f.Scope.Name(), pos)
	if ctx != f.Ctx || s != f.Scope {
		return nil // hidden by others of these names
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		ret, ok := n.(*ast.ReturnStmt)
		if !ok || ret.Pos() != pos || len(ret.Results) != 1 {
			return true
		}
		if id, ok := ret.Results[0].(*ast.Ident); ok && id.Name == "nil" {
			fixes = []analysis.SuggestedFix{{Message: "Wait until the scope is to end", TextEdits: []analysis.TextEdit{{
				Pos: id.Pos(), End: id.End(), NewText: []byte(f.Scope.Name() + ".Wait(" + f.Ctx.Name() + ")")}}}}
		}
		return true
	})
	return fixes
}
