// Package flow follows values along the paths of a function, in its SSA form.
package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"iter"
	"reflect"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"
	"golang.org/x/tools/go/analysis/passes/ctrlflow"
	"golang.org/x/tools/go/ssa"

	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

// Funcs are the functions of a package in their SSA form, literals too; none of a
// package that does not import ebb, which has nothing to look for.
type Funcs struct {
	All   []*ssa.Function
	calls map[token.Pos]*ast.CallExpr // by their parentheses, where SSA has them
}

// Syntax returns the call as it is written, or nil if it is not written.
func (fs *Funcs) Syntax(call ssa.CallInstruction) *ast.CallExpr {
	return fs.calls[call.Common().Pos()]
}

// Analyzer computes the *Funcs of a package.
var Analyzer = &analysis.Analyzer{
	Name:       "ebbflow",
	Doc:        "build the SSA form of packages that import ebb",
	Requires:   []*analysis.Analyzer{ctrlflow.Analyzer},
	ResultType: reflect.TypeFor[*Funcs](),
	Run:        run,
}

func run(pass *analysis.Pass) (any, error) {
	if !role.Imported(pass.Pkg) {
		return &Funcs{}, nil
	}
	built, err := buildssa.Analyzer.Run(pass) // it needs the same results as this one
	if err != nil {
		return nil, err
	}
	fs := &Funcs{built.(*buildssa.SSA).SrcFuncs, map[token.Pos]*ast.CallExpr{}}
	for _, file := range pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				fs.calls[call.Lparen] = call
			}
			return true
		})
	}
	return fs, nil
}

// Callee returns the name of the function of ebb that call calls, or "".
func Callee(call *ssa.CallCommon) string {
	if call.IsInvoke() {
		return role.Name(call.Method)
	}
	fn := Func(call)
	if fn == nil {
		return ""
	}
	return role.Name(fn)
}

// Func returns the declared function that call certainly calls, or nil.
func Func(call *ssa.CallCommon) *types.Func {
	fn := call.StaticCallee()
	if fn == nil {
		return nil
	}
	if fn.Origin() != nil {
		fn = fn.Origin()
	}
	obj, _ := fn.Object().(*types.Func)
	return obj
}

// Results returns the value of each result of a call that is used, by its place.
func Results(call *ssa.Call) []ssa.Value {
	n := call.Call.Signature().Results().Len()
	if n == 1 {
		return []ssa.Value{call}
	}
	results := make([]ssa.Value, n)
	for _, instr := range *call.Referrers() {
		if e, ok := instr.(*ssa.Extract); ok {
			results[e.Index] = e
		}
	}
	return results
}

// A Place is an instruction: the At-th of its block.
type Place struct {
	Block *ssa.BasicBlock
	At    int
}

// PlaceOf returns the place of instr.
func PlaceOf(instr ssa.Instruction) Place {
	for i, other := range instr.Block().Instrs {
		if other == instr {
			return Place{instr.Block(), i}
		}
	}
	panic("scopevet: an instruction that is not in its block")
}

// Walk visits the instructions that can come after p, each once. visit returns
// false to leave a path. An edge is followed if follow is nil or says so.
func Walk(p Place, visit func(ssa.Instruction) bool, follow func(from, to *ssa.BasicBlock) bool) {
	seen := map[*ssa.BasicBlock]bool{}
	var walk func(b *ssa.BasicBlock, from int)
	walk = func(b *ssa.BasicBlock, from int) {
		for _, instr := range b.Instrs[from:] {
			if !visit(instr) {
				return
			}
		}
		for _, next := range b.Succs {
			if !seen[next] && (follow == nil || follow(b, next)) {
				seen[next] = true
				walk(next, 0)
			}
		}
	}
	walk(p.Block, p.At+1)
}

// Calls yields the calls in the functions, go and defer statements aside.
func (fs *Funcs) Calls() iter.Seq[*ssa.Call] {
	return func(yield func(*ssa.Call) bool) {
		for _, fn := range fs.All {
			for call := range CallsOf(fn) {
				if !yield(call) {
					return
				}
			}
		}
	}
}

// CallsOf yields those in fn, but not those in its literals.
func CallsOf(fn *ssa.Function) iter.Seq[*ssa.Call] {
	return func(yield func(*ssa.Call) bool) {
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				if call, ok := instr.(*ssa.Call); ok && !yield(call) {
					return
				}
			}
		}
	}
}
