package useafterdrop

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

// Analyzer reports a guard that is used after Drop or Release.
var Analyzer = report.Flags(&analysis.Analyzer{
	Name:     "useafterdrop",
	Doc:      doc.Of(text, "useafterdrop"),
	Requires: []*analysis.Analyzer{flow.Analyzer},
	Run:      run,
})

// ends has what takes the value away, and at which place of its arguments the guard
// is; the receiver of a method is the first.
var ends = map[string]int{
	"guard.Guard.Drop":      0,
	"guard.Guard.Release":   0,
	"guard.Shared.Drop":     0,
	"guard.Shared.Unshare":  0,
	"guard.Mutex.Drop":      0,
	"guard.Mutex.Unwrap":    0,
	"guard.Map":             0,
	"guard.Share":           0,
	"guard.NewMutex":        0,
	"guard.With":            1,
	"scope.Handle.Drop":     0,
	"scope.Handle.DropTree": 0,
	"scope.Handle.Release":  0,
	"scope.Handle.MoveTo":   0,
}

// uses has what needs the value.
var uses = map[string]int{
	"guard.Guard.Value":      0,
	"guard.Guard.Borrow":     0,
	"guard.Guard.Release":    0,
	"guard.Shared.Value":     0,
	"guard.Shared.Borrow":    0,
	"guard.Shared.Clone":     0,
	"guard.Shared.Unshare":   0,
	"guard.Shared.Downgrade": 0,
	"guard.Mutex.Lock":       0,
	"guard.Mutex.With":       0,
	"guard.Mutex.Unwrap":     0,
	"guard.Map":              0,
	"guard.Share":            0,
	"guard.NewMutex":         0,
	"guard.With":             1,
	"scope.Register":         2,
	"scope.Handle.Value":     0,
	"scope.Handle.Use":       0,
	"scope.Handle.Borrow":    0,
	"scope.Handle.Release":   0,
	"scope.Handle.MoveTo":    0,
}

// panics has the uses that do.
var panics = map[string]bool{
	"guard.Guard.Value":  true,
	"guard.Shared.Value": true,
	"scope.Handle.Value": true,
	"scope.Handle.Use":   true,
}

func run(pass *analysis.Pass) (any, error) {
	if !role.Imported(pass.Pkg) {
		return nil, nil
	}
	fs := pass.ResultOf[flow.Analyzer].(*flow.Funcs)
	out := report.New(pass)
	for end := range fs.Calls() {
		g, ok := flow.Receiver(&end.Call, ends)
		if !ok || fs.Syntax(end) == nil {
			continue
		}
		for _, use := range after(end, flow.KeyOf(g)) {
			if at := fs.Syntax(use); at != nil {
				out.Report(diagnostic(pass, fs.Syntax(end), use, at))
			}
		}
	}
	return nil, nil
}

func diagnostic(pass *analysis.Pass, end *ast.CallExpr, use ssa.CallInstruction, at *ast.CallExpr) analysis.Diagnostic {
	what := "returns an error"
	if panics[flow.Callee(use.Common())] {
		what = "panics"
	}
	return analysis.Diagnostic{Pos: at.Pos(), End: at.End(),
		Message: fmt.Sprintf("%s after %s on line %d %s: the value is gone",
			role.Written(at.Fun), role.Written(end.Fun), pass.Fset.Position(end.Pos()).Line, what)}
}
