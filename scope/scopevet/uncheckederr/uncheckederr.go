package uncheckederr

import (
	_ "embed"
	"go/ast"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/ssa"

	"github.com/ebb-go/ebb/scope/scopevet/internal/doc"
	"github.com/ebb-go/ebb/scope/scopevet/internal/flow"
	"github.com/ebb-go/ebb/scope/scopevet/internal/report"
	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

//go:embed doc.go
var text string

// Analyzer reports an error of ebb that nothing looks at.
var Analyzer = report.Flags(&analysis.Analyzer{
	Name:     "uncheckederr",
	Doc:      doc.Of(text, "uncheckederr"),
	Requires: []*analysis.Analyzer{inspect.Analyzer, flow.Analyzer},
	Run:      run,
})

// matters says whose error must be looked at, and what is lost otherwise.
var matters = map[string]string{
	"scope.Run":               "what went wrong in its tasks and drops",
	"scope.RunValue":          "what went wrong in its tasks and drops",
	"scope.Open":              "whether there is a scope",
	"scope.Acquire":           "whether there is a handle",
	"scope.AcquireAll":        "whether there are handles",
	"scope.Register":          "whether there is a handle",
	"scope.Defer":             "whether it will be called",
	"scope.NewSlot":           "whether there is a slot",
	"scope.OpenAll":           "whether they are open",
	"scope.Start":             "whether it is running",
	"scope.Serve":             "whether it is serving",
	"scope.Scope.Daemon":      "whether it is running",
	"scope.Scope.Child":       "whether there is a child",
	"scope.Scope.Submit":      "whether it will run",
	"scope.Scope.TryGo":       "whether it will run",
	"scope.Scope.Depend":      "whether the edge is there",
	"scope/scopehttp.Serve":   "whether it is serving",
	"scope/scopehttp.ServeOn": "whether it is serving",
}

func run(pass *analysis.Pass) (any, error) {
	if !role.Imported(pass.Pkg) {
		return nil, nil
	}
	out := report.New(pass)
	named := map[*ast.CallExpr]bool{} // the calls whose errors have a name
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for cur := range in.Root().Preorder((*ast.CallExpr)(nil)) {
		call := cur.Node().(*ast.CallExpr)
		name := role.Callee(pass.TypesInfo, call)
		if matters[name] == "" {
			continue
		}
		if how := lost(pass, cur); how != "" {
			out.Report(analysis.Diagnostic{Pos: call.Pos(), End: call.Fun.End(),
				Message: "the error of " + name + " is " + how + ": it says " + matters[name]})
		} else {
			named[call] = true
		}
	}
	fs := pass.ResultOf[flow.Analyzer].(*flow.Funcs)
	for call := range fs.Calls() {
		if at := fs.Syntax(call); named[at] {
			overwritten(out, call, at)
		}
	}
	return nil, nil
}

// lost returns how the statement around the call at cur loses its error, or "".
func lost(pass *analysis.Pass, cur inspector.Cursor) string {
	call := cur.Node().(*ast.CallExpr)
	parent := cur.Parent()
	for {
		if _, ok := parent.Node().(*ast.ParenExpr); !ok {
			break
		}
		parent = parent.Parent()
	}
	var lhs []ast.Expr
	switch p := parent.Node().(type) {
	case *ast.ExprStmt:
		return "not looked at"
	case *ast.GoStmt:
		if p.Call == call {
			return "lost in a go statement"
		}
	case *ast.DeferStmt:
		if p.Call == call {
			return "lost in a defer statement"
		}
	case *ast.AssignStmt:
		lhs = p.Lhs
		if len(p.Rhs) > 1 {
			for i := range p.Rhs {
				if ast.Unparen(p.Rhs[i]) == call {
					lhs = p.Lhs[i : i+1]
				}
			}
		}
	case *ast.ValueSpec:
		if len(p.Values) == 1 {
			lhs = []ast.Expr{p.Names[len(p.Names)-1]}
		}
	}
	if len(lhs) > 0 {
		if id, ok := lhs[len(lhs)-1].(*ast.Ident); ok && id.Name == "_" {
			return "thrown away"
		}
	}
	return ""
}

// overwritten reports the call, which is written at, if no path reads its error.
func overwritten(out *report.Reporter, call *ssa.Call, at *ast.CallExpr) {
	name := flow.Callee(&call.Call)
	results := flow.Results(call)
	if err := results[len(results)-1]; err == nil || !read(err) {
		out.Report(analysis.Diagnostic{Pos: at.Pos(), End: at.Fun.End(),
			Message: "the error of " + name + " is not looked at: it says " + matters[name]})
	}
}

// read reports whether something looks at the error err.
func read(err ssa.Value) bool {
	for _, instr := range *err.Referrers() {
		switch instr := instr.(type) {
		case *ssa.DebugRef:
		case *ssa.Store:
			cell, ok := instr.Addr.(*ssa.Alloc)
			if !ok || readAfter(instr, cell) {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// readAfter reports whether a path from the store reads the variable cell before it
// is stored to again. A variable that a literal has captured may be read by every
// call.
func readAfter(store *ssa.Store, cell *ssa.Alloc) bool {
	found := false
	flow.Walk(flow.PlaceOf(store), func(instr ssa.Instruction) bool {
		switch instr := instr.(type) {
		case *ssa.Store:
			return instr.Addr != cell
		case *ssa.UnOp:
			found = found || instr.X == cell
		case *ssa.Return, *ssa.RunDefers, *ssa.Panic, *ssa.Go, *ssa.Defer:
			found = found || cell.Heap
		case *ssa.Call:
			for _, arg := range instr.Call.Args {
				found = found || arg == cell
			}
			found = found || captured(cell) && mayCallBack(&instr.Call)
		}
		return !found
	}, nil)
	return found
}

// captured reports whether a literal has captured cell.
func captured(cell *ssa.Alloc) bool {
	for _, instr := range *cell.Referrers() {
		if _, ok := instr.(*ssa.MakeClosure); ok {
			return true
		}
	}
	return false
}

// mayCallBack reports whether call can run a literal of the function it is in. A
// call that is itself given an error to overwrite is still one that can.
func mayCallBack(call *ssa.CallCommon) bool {
	_, builtin := call.Value.(*ssa.Builtin)
	return !builtin
}
