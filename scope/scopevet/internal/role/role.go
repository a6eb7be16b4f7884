// Package role finds the functions that a package hands to ebb, and knows what
// ebb calls each of them for.
package role

import (
	"go/ast"
	"go/types"
	"iter"
	"reflect"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
)

// Kind is what ebb calls a function for.
type Kind uint8

const (
	Body   Kind = iota // of a Run
	Task               // it is waited for
	Daemon             // it runs until its turn
	Open               // it opens the value of a guard
	Drop               // it gives a value up
	Aside              // it is called while ebb's own function runs, as those of AcquireAll are
)

// given says at which place of its arguments a function of ebb takes which kind.
var given = map[string]map[int]Kind{
	"scope.Run":          {1: Body},
	"scope.RunValue":     {1: Body},
	"scope.Main":         {0: Body},
	"scope.Acquire":      {3: Open, 4: Drop},
	"scope.Lazy":         {2: Open, 3: Drop},
	"scope.NewSlot":      {3: Open, 4: Drop},
	"scope.NewSlots":     {2: Open, 3: Drop},
	"scope.Slot.Replace": {1: Open},
	"scope.Defer":        {2: Drop},
	"scope.Serve":        {4: Drop},
	"scope.AcquireAll":   {2: Aside},
	"scope.Start":        {3: Daemon},
	"scope.Scope.Daemon": {1: Daemon},
	"scope.Async":        {2: Task},
	"scope.Scope.Go":     {1: Task},
	"scope.Scope.TryGo":  {1: Task},
	"scope.Scope.Submit": {2: Task},
	"scope.Race":         {1: Task},
	"scope.All":          {1: Task},
	"guard.New":          {1: Drop},
	"group.Graph.Add":    {1: Drop},
}

// variadic says from which place on all arguments are of one kind.
var variadic = map[string]int{"scope.AcquireAll": 2, "scope.Race": 1, "scope.All": 1}

// A Func is a function that was handed to ebb.
type Func struct {
	Kind  Kind
	To    string        // the name of the function of ebb that takes it
	Call  *ast.CallExpr // the call that hands it over; nil for a method Drop
	Given ast.Expr      // as it is written in that call
	Node  ast.Node      // its *ast.FuncLit or *ast.FuncDecl in this package; nil if it has none
	Type  *ast.FuncType // of Node
	Body  *ast.BlockStmt
	Ctx   *types.Var // its parameter of type context.Context; nil if it has none or no name for it
	Scope *types.Var // its parameter of type *scope.Scope, likewise
}

// Within reports whether n lies in the function.
func (f *Func) Within(n ast.Node) bool { return f.Node.Pos() <= n.Pos() && n.End() <= f.Node.End() }

// Owns reports whether v is declared in the function, as a parameter too.
func (f *Func) Owns(v types.Object) bool { return f.Node.Pos() <= v.Pos() && v.Pos() < f.Node.End() }

// Funcs are the functions that a package hands to ebb, in the order of the calls.
type Funcs struct {
	All   []*Func
	Decls map[*types.Func]*ast.FuncDecl
	info  *types.Info
	lits  map[*ast.FuncLit]*Func
	vars  map[*types.Var][]ast.Expr // what is assigned to it; a nil for what is not an expression
}

// Analyzer computes the *Funcs of a package.
var Analyzer = &analysis.Analyzer{
	Name:       "ebbroles",
	Doc:        "find the functions that are handed to ebb",
	Requires:   []*analysis.Analyzer{inspect.Analyzer},
	ResultType: reflect.TypeFor[*Funcs](),
	Run:        run,
}

func run(pass *analysis.Pass) (any, error) {
	fs := &Funcs{
		info:  pass.TypesInfo,
		Decls: map[*types.Func]*ast.FuncDecl{},
		lits:  map[*ast.FuncLit]*Func{},
		vars:  map[*types.Var][]ast.Expr{},
	}
	if !Imported(pass.Pkg) {
		return fs, nil
	}
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for n := range in.PreorderSeq((*ast.FuncDecl)(nil), (*ast.AssignStmt)(nil), (*ast.ValueSpec)(nil), (*ast.RangeStmt)(nil)) {
		fs.declare(n)
	}
	for n := range in.PreorderSeq((*ast.CallExpr)(nil)) {
		fs.call(n.(*ast.CallExpr))
	}
	return fs, nil
}

// call adds the functions that call hands over.
func (fs *Funcs) call(call *ast.CallExpr) {
	name := Callee(fs.info, call)
	places := given[name]
	if places == nil {
		return
	}
	for i, arg := range call.Args {
		if first, ok := variadic[name]; ok {
			i = min(i, first)
		}
		if kind, ok := places[i]; ok {
			fs.add(name, call, kind, arg)
		}
	}
}

func (fs *Funcs) add(name string, call *ast.CallExpr, kind Kind, arg ast.Expr) {
	f := &Func{Kind: kind, To: name, Call: call, Given: arg}
	fs.All = append(fs.All, f)
	switch n := fs.resolve(arg, 0).(type) {
	case *ast.FuncLit:
		f.Node, f.Type, f.Body = n, n.Type, n.Body
		fs.lits[n] = f
	case *ast.FuncDecl:
		if n.Body == nil {
			return
		}
		f.Node, f.Type, f.Body = n, n.Type, n.Body
	default:
		return
	}
	fs.name(f)
}

// name finds the parameters of f.
func (fs *Funcs) name(f *Func) {
	for _, field := range f.Type.Params.List {
		for _, id := range field.Names {
			v, ok := fs.info.Defs[id].(*types.Var)
			switch {
			case !ok || id.Name == "_":
			case f.Ctx == nil && IsContext(v.Type()):
				f.Ctx = v
			case f.Scope == nil && TypeName(v.Type()) == "scope.Scope":
				f.Scope = v
			}
		}
	}
}

// Helpers yields the functions of the package that are given a scope, and so run for
// one, but are not handed to ebb by their names.
func (fs *Funcs) Helpers() iter.Seq[*Func] {
	return func(yield func(*Func) bool) {
		handed := map[ast.Node]bool{}
		for _, f := range fs.All {
			handed[f.Node] = true
		}
		for _, d := range fs.Decls {
			if d.Body == nil || handed[d] {
				continue
			}
			f := &Func{Kind: Aside, Node: d, Type: d.Type, Body: d.Body}
			fs.name(f)
			if f.Scope != nil && !yield(f) {
				return
			}
		}
	}
}

// Lit returns what ebb calls lit for, and nil if it was not handed to ebb.
func (fs *Funcs) Lit(lit *ast.FuncLit) *Func { return fs.lits[lit] }
