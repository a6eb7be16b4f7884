package lostedge

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/ebb-go/ebb/scope/scopevet/internal/doc"
	"github.com/ebb-go/ebb/scope/scopevet/internal/report"
	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

//go:embed doc.go
var text string

// Analyzer reports a use of a guard that records no edge.
var Analyzer = report.Flags(&analysis.Analyzer{
	Name:      "lostedge",
	Doc:       doc.Of(text, "lostedge"),
	Requires:  []*analysis.Analyzer{inspect.Analyzer, role.Analyzer},
	FactTypes: []analysis.Fact{(*reads)(nil)},
	Run:       run,
})

// A check is one run of the analyzer.
type check struct {
	*analysis.Pass
	fs    *role.Funcs
	out   *report.Reporter
	late  map[types.Object]bool // what Depend makes another depend on
	reads map[*types.Func]*reads
}

func run(pass *analysis.Pass) (any, error) {
	if !role.Imported(pass.Pkg) {
		return nil, nil
	}
	c := &check{
		Pass:  pass,
		fs:    pass.ResultOf[role.Analyzer].(*role.Funcs),
		out:   report.New(pass),
		late:  map[types.Object]bool{},
		reads: map[*types.Func]*reads{},
	}
	c.summarize()
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for n := range in.PreorderSeq((*ast.CallExpr)(nil)) {
		call := n.(*ast.CallExpr)
		if role.Callee(pass.TypesInfo, call) == "scope.Scope.Depend" && len(call.Args) == 2 {
			c.late[c.key(call.Args[1])] = true
		}
	}
	opens := map[*ast.CallExpr]*role.Func{}
	for _, f := range c.fs.All {
		switch f.Kind {
		case role.Open:
			opens[f.Call] = f
			c.open(f)
		case role.Daemon:
			c.daemon(f)
		}
	}
	for _, f := range c.fs.All {
		if f.Kind == role.Drop {
			c.drop(f, opens[f.Call])
		}
	}
	return nil, nil
}

// open checks an open function.
func (c *check) open(f *role.Func) {
	known := c.declared(f)
	c.arguments(f, known)
	if f.Node == nil {
		return
	}
	c.used(f, known)
	for n := range c.inside(f) {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if c.isValue(n) && !known.has(c.key(n.X)) {
				c.report(n.Sel, c.useFix(f, n), "%s.Value() in the open function of %s records no edge: %s.Use(ctx) does",
					types.ExprString(n.X), c.guardOf(f), types.ExprString(n.X))
			}
		case *ast.CallExpr:
			c.throughContext(f, n)
			c.passed(f, n, known)
		case *ast.Ident:
			c.captured(f, n, known)
		}
	}
}

// throughContext reports a call inside the open function f whose context is not
// f's.
func (c *check) throughContext(f *role.Func, call *ast.CallExpr) {
	name := role.Callee(c.TypesInfo, call)
	what, ok := recording[name]
	if !ok || len(call.Args) == 0 || c.fs.Origin(f, call.Args[0]) != role.Foreign {
		return
	}
	c.report(call.Args[0], c.contextFix(f, call.Args[0]), "the context %s is not that of the open function of %s: what is %s through it records no edge",
		types.ExprString(call.Args[0]), c.guardOf(f), what)
}

// recording has what records an edge through the context that is its first argument.
var recording = map[string]string{
	"scope.Handle.Use":        "used",
	"scope.Handle.Borrow":     "borrowed",
	"scope.LazyHandle.Use":    "used",
	"scope.Slot.Use":          "used",
	"scope.Slots.Use":         "used",
	"scope.Acquire":           "acquired",
	"scope.AcquireAll":        "acquired",
	"scope.OpenAll":           "opened",
	"scope.Start":             "started",
	"scope.Serve":             "started",
	"scope/scopehttp.Serve":   "started",
	"scope/scopehttp.ServeOn": "started",
}

// daemon checks a daemon that says itself what it depends on.
func (c *check) daemon(f *role.Func) {
	known := c.declared(f)
	if !known.narrowed || known.unknown || f.Node == nil {
		return
	}
	c.used(f, known)
	for n := range c.inside(f) {
		if sel, ok := n.(*ast.SelectorExpr); ok && c.isValue(sel) && !known.has(c.key(sel.X)) && c.ofScope(sel.X, f) {
			c.report(sel.Sel, c.useFix(f, sel), "%s.Value() in the daemon %s, whose DependsOn leaves %s out, records no edge: %s.Use(ctx) does",
				types.ExprString(sel.X), c.guardOf(f), types.ExprString(sel.X), types.ExprString(sel.X))
		}
	}
}

// owning has what makes a guard that depends on what its open function uses and on
// nothing else, unless options say so.
var owning = map[string]bool{"scope.Acquire": true, "scope.Lazy": true, "scope.NewSlot": true, "scope.NewSlots": true, "scope.Defer": true}

// drop checks the drop function of what was opened by the function open, if any.
func (c *check) drop(f, open *role.Func) {
	if f.Node == nil || f.Call == nil || !owning[f.To] {
		return
	}
	known := c.declared(f)
	if open != nil {
		if open.Node == nil {
			return // it may use anything
		}
		c.used(open, known)
	}
	if known.unknown {
		return
	}
	for n := range c.inside(f) {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || !c.isValue(sel) && !c.isMethod(sel, "scope.Handle.Use") {
			continue
		}
		if !known.has(c.key(sel.X)) && c.ofScope(sel.X, f) {
			c.report(sel.Sel, nil, "the drop function of %s uses %s, on which it does not depend: %s may be gone by then",
				c.guardOf(f), types.ExprString(sel.X), types.ExprString(sel.X))
		}
	}
}

func (c *check) report(at ast.Node, fixes []analysis.SuggestedFix, format string, args ...any) {
	c.out.Report(analysis.Diagnostic{Pos: at.Pos(), End: at.End(), Message: fmt.Sprintf(format, args...), SuggestedFixes: fixes})
}
