package guardleak

import (
	"golang.org/x/tools/go/ssa"

	"github.com/ebb-go/ebb/scope/scopevet/internal/flow"
	"github.com/ebb-go/ebb/scope/scopevet/internal/role"

	"go/types"
)

// reading has the methods that leave the guard where it is.
var reading = map[string]bool{
	"guard.Guard.Value":      true,
	"guard.Guard.Get":        true,
	"guard.Guard.Borrow":     true,
	"guard.Guard.Done":       true,
	"guard.Guard.Dropped":    true,
	"guard.Guard.Err":        true,
	"guard.Shared.Value":     true,
	"guard.Shared.Get":       true,
	"guard.Shared.Borrow":    true,
	"guard.Shared.Clone":     true,
	"guard.Shared.Done":      true,
	"guard.Shared.Err":       true,
	"guard.Shared.Refs":      true,
	"guard.Shared.Downgrade": true,
	"guard.Mutex.Lock":       true,
	"guard.Mutex.With":       true,
}

// givenAway returns the instructions after which the guard is no longer owed by the
// function that has it in the value g.
func givenAway(g ssa.Value) map[ssa.Instruction]bool {
	given := map[ssa.Instruction]bool{}
	follow(g, given, map[ssa.Value]bool{})
	return given
}

// follow adds the instructions that give v away, by whatever name.
func follow(v ssa.Value, given map[ssa.Instruction]bool, seen map[ssa.Value]bool) {
	if seen[v] {
		return
	}
	seen[v] = true
	for _, instr := range *v.Referrers() {
		switch instr := instr.(type) {
		case *ssa.DebugRef, *ssa.BinOp, *ssa.If, *ssa.UnOp, *ssa.FieldAddr:
		case *ssa.Phi:
			follow(instr, given, seen)
		case *ssa.MakeInterface:
			follow(instr, given, seen)
		case *ssa.ChangeType:
			follow(instr, given, seen)
		case *ssa.ChangeInterface:
			follow(instr, given, seen)
		case *ssa.TypeAssert:
			follow(instr, given, seen)
		case *ssa.Store:
			stored(instr, given, seen)
		case *ssa.MakeClosure: // a method that is bound to it
			if fn, ok := instr.Fn.(*ssa.Function).Object().(*types.Func); !ok || !reading[role.Name(fn)] {
				given[instr] = true
			}
		case ssa.CallInstruction:
			if !reading[flow.Callee(instr.Common())] {
				given[instr] = true
			}
		default:
			given[instr] = true
		}
	}
}

// stored follows a guard into a variable that literals have captured. Any other
// place keeps it.
func stored(s *ssa.Store, given map[ssa.Instruction]bool, seen map[ssa.Value]bool) {
	cell, ok := s.Addr.(*ssa.Alloc)
	if !ok {
		given[s] = true
		return
	}
	for _, instr := range *cell.Referrers() {
		switch instr := instr.(type) {
		case *ssa.Store, *ssa.DebugRef:
		case *ssa.UnOp:
			follow(instr, given, seen)
		case *ssa.MakeClosure:
			if keeps(instr, cell) {
				given[instr] = true
			}
		default:
			given[s] = true // by its address
		}
	}
}

// keeps reports whether the literal of c gives away the guard in the variable cell.
func keeps(c *ssa.MakeClosure, cell ssa.Value) bool {
	for _, free := range flow.Free(c, cell) {
		for _, instr := range *free.Referrers() {
			switch instr := instr.(type) {
			case *ssa.UnOp:
				if len(givenAway(instr)) > 0 {
					return true
				}
			case *ssa.MakeClosure:
				if keeps(instr, free) {
					return true
				}
			case *ssa.DebugRef:
			default:
				return true
			}
		}
	}
	return false
}
