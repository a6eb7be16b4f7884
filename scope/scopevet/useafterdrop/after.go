package useafterdrop

import (
	"golang.org/x/tools/go/ssa"

	"github.com/ebb-go/ebb/scope/scopevet/internal/flow"
)

// after returns the uses of g that are certain to come after end: those that are
// reached only past it, those that every path from it reaches, and those of the next
// turn of a loop that ends g in every turn.
func after(end *ssa.Call, g flow.Key) (found []ssa.CallInstruction) {
	results := flow.Results(end)
	failure := results[len(results)-1]
	follow := func(from, to *ssa.BasicBlock) bool {
		return failure == nil || !failed(failure, from, to)
	}
	returns := false // a path from end leaves the function without a use
	flow.Walk(flow.PlaceOf(end), func(instr ssa.Instruction) bool {
		if g.ChangedBy(instr) {
			returns = true // what follows is another guard
			return false
		}
		if use := useOf(instr, g); use != nil {
			found = append(found, use)
			return false
		}
		if _, ok := instr.(*ssa.Return); ok {
			returns = true
		}
		return true
	}, follow)
	certain := found[:0]
	for _, use := range found {
		if flow.Precedes(end, place(use, end)) || !returns || everyTurn(use, end, g) {
			certain = append(certain, use)
		}
	}
	return certain
}

// place returns the instruction of end's function that makes use happen: use itself
// or the literal that it is in.
func place(use ssa.CallInstruction, end *ssa.Call) ssa.Instruction {
	if use.Parent() == end.Parent() {
		return use
	}
	for _, b := range end.Parent().Blocks {
		for _, instr := range b.Instrs {
			if c, ok := instr.(*ssa.MakeClosure); ok && contains(c.Fn.(*ssa.Function), use.Parent()) {
				return c
			}
		}
	}
	return end
}

func contains(outer, inner *ssa.Function) bool {
	for ; inner != nil; inner = inner.Parent() {
		if inner == outer {
			return true
		}
	}
	return false
}

// failed reports whether the edge is taken when the error err is one: when it is not
// nil, or when a function such as errors.Is says yes to it.
func failed(err ssa.Value, from, to *ssa.BasicBlock) bool {
	if flow.Says(err, from, to) == flow.Set {
		return true
	}
	branch, ok := from.Instrs[len(from.Instrs)-1].(*ssa.If)
	if !ok {
		return false
	}
	call, ok := branch.Cond.(*ssa.Call)
	if !ok {
		return false
	}
	for _, arg := range call.Call.Args {
		if flow.Same(arg, err) {
			return from.Succs[0] == to
		}
	}
	return false
}

// useOf returns the use of g in instr, which may make a literal that uses it.
func useOf(instr ssa.Instruction, g flow.Key) ssa.CallInstruction {
	switch instr := instr.(type) {
	case ssa.CallInstruction:
		if v, ok := flow.Receiver(instr.Common(), uses); ok && flow.KeyOf(v) == g {
			return instr
		}
	case *ssa.MakeClosure:
		for i, bound := range instr.Bindings {
			if flow.KeyOf(bound) == g || g.IsStoredIn(bound) {
				return useIn(instr.Fn.(*ssa.Function), instr.Fn.(*ssa.Function).FreeVars[i])
			}
		}
	}
	return nil
}

// useIn returns the first use in the literal fn of what its variable free holds.
func useIn(fn *ssa.Function, free *ssa.FreeVar) ssa.CallInstruction {
	inner := flow.Variable(free)
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			if inner.ChangedBy(instr) {
				return nil
			}
			if use := useOf(instr, inner); use != nil {
				return use
			}
		}
	}
	return nil
}

// everyTurn reports whether use comes before end in every turn of a loop that goes on
// after end.
func everyTurn(use ssa.CallInstruction, end *ssa.Call, g flow.Key) bool {
	if use.Parent() != end.Parent() || !flow.Precedes(use, end) {
		return false
	}
	again := false // without end between
	flow.Walk(flow.PlaceOf(use), func(instr ssa.Instruction) bool {
		if instr == use {
			again = true
		}
		return instr != ssa.Instruction(end) && !again
	}, nil)
	return !again
}
