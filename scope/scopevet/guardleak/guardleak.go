package guardleak

import (
	_ "embed"
	"fmt"
	"go/ast"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/ebb-go/ebb/scope/scopevet/internal/doc"
	"github.com/ebb-go/ebb/scope/scopevet/internal/flow"
	"github.com/ebb-go/ebb/scope/scopevet/internal/report"
	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

//go:embed doc.go
var text string

// Analyzer reports a guard that is not given up on some path.
var Analyzer = report.Flags(&analysis.Analyzer{
	Name:      "guardleak",
	Doc:       doc.Of(text, "guardleak"),
	Requires:  []*analysis.Analyzer{flow.Analyzer},
	FactTypes: []analysis.Fact{(*makes)(nil)},
	Run:       run,
})

func run(pass *analysis.Pass) (any, error) {
	if !role.Imported(pass.Pkg) {
		return nil, nil
	}
	fs := pass.ResultOf[flow.Analyzer].(*flow.Funcs)
	m := newMakers(pass, fs)
	out := report.New(pass)
	for call := range fs.Calls() {
		at := fs.Syntax(call)
		if at == nil {
			continue
		}
		for _, i := range m.made(&call.Call) {
			g := flow.Results(call)[i]
			if g == nil || len(*g.Referrers()) == 0 {
				out.Report(analysis.Diagnostic{Pos: at.Pos(), End: at.End(), Message: "the guard of " + name(at) + " is thrown away: it is never dropped"})
				continue
			}
			if end := forgotten(call, g, i); end != nil {
				out.Report(diagnostic(pass, at, end))
			}
		}
	}
	return nil, nil
}

func diagnostic(pass *analysis.Pass, at *ast.CallExpr, end ssa.Instruction) analysis.Diagnostic {
	where := "at the end of the function"
	if p := end.Pos(); p.IsValid() {
		where = fmt.Sprintf("on the way to line %d", pass.Fset.Position(p).Line)
		if _, ok := end.(*ssa.Return); !ok {
			where = "when the loop comes around"
		}
	}
	return analysis.Diagnostic{Pos: at.Pos(), End: at.End(),
		Message: fmt.Sprintf("the guard of %s is neither dropped, registered, returned nor stored %s", name(at), where)}
}

func name(at *ast.CallExpr) string { return role.Written(at.Fun) }

// forgotten returns the return, or the call itself, to which a path leads from the
// call on which its i-th result, the guard g, is not given away.
func forgotten(call *ssa.Call, g ssa.Value, i int) (end ssa.Instruction) {
	given := givenAway(g)
	var with ssa.Value // the error or ok beside it
	bad := flow.Set    // what it is when there is no guard
	if results := flow.Results(call); len(results) > 1 && i < len(results)-1 {
		with = results[len(results)-1]
		if with != nil && !role.IsError(with.Type()) {
			bad = flow.Zero
		}
	}
	flow.Walk(flow.PlaceOf(call), func(instr ssa.Instruction) bool {
		if given[instr] || end != nil {
			return false
		}
		switch instr := instr.(type) {
		case *ssa.Return:
			end = instr
		case *ssa.Call:
			if instr == call {
				end = instr
			}
		}
		return end == nil
	}, func(from, to *ssa.BasicBlock) bool {
		return (with == nil || flow.Says(with, from, to) != bad) && flow.Says(g, from, to) != flow.Zero
	})
	return end
}
