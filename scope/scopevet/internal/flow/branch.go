package flow

import (
	"go/constant"
	"go/token"

	"golang.org/x/tools/go/ssa"
)

// Truth is what a condition says about a value on one of its branches.
type Truth uint8

const (
	Unsaid Truth = iota
	Zero         // it is nil, or false
	Set          // it is not
)

// Says returns what is known about v once the edge from one block to another was
// taken: if v is an error or a pointer, whether it is nil, and if v is a bool, whether it
// is false.
func Says(v ssa.Value, from, to *ssa.BasicBlock) Truth {
	branch, ok := from.Instrs[len(from.Instrs)-1].(*ssa.If)
	if !ok || from.Succs[0] == from.Succs[1] {
		return Unsaid
	}
	holds := from.Succs[0] == to
	cond := branch.Cond
	for {
		not, ok := cond.(*ssa.UnOp)
		if !ok || not.Op != token.NOT {
			break
		}
		cond, holds = not.X, !holds
	}
	if Same(cond, v) {
		return truth(holds)
	}
	op, ok := cond.(*ssa.BinOp)
	if !ok || op.Op != token.EQL && op.Op != token.NEQ {
		return Unsaid
	}
	if !(Same(op.X, v) && isZero(op.Y) || Same(op.Y, v) && isZero(op.X)) {
		return Unsaid
	}
	return truth(holds == (op.Op == token.NEQ))
}

func truth(set bool) Truth {
	if set {
		return Set
	}
	return Zero
}

func isZero(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	if !ok {
		return false
	}
	return c.IsNil() || c.Value != nil && c.Value.Kind() == constant.Bool && !constant.BoolVal(c.Value)
}

// Same reports whether a and b are the same value, one of them perhaps read from a
// variable that the other was stored in, which is stored in nowhere else.
func Same(a, b ssa.Value) bool { return origin(a) == origin(b) }

func origin(v ssa.Value) ssa.Value {
	for {
		switch x := v.(type) {
		case *ssa.ChangeInterface:
			v = x.X
		case *ssa.UnOp:
			stored := StoredOnce(x.X)
			if x.Op != token.MUL || stored == nil {
				return v
			}
			v = stored
		default:
			return v
		}
	}
}

// StoredOnce returns the value that is stored in the variable cell, if it is one of
// this function and there is one such store.
func StoredOnce(cell ssa.Value) (stored ssa.Value) {
	alloc, ok := cell.(*ssa.Alloc)
	if !ok {
		return nil
	}
	for _, instr := range *alloc.Referrers() {
		switch instr := instr.(type) {
		case *ssa.Store:
			if instr.Addr != alloc || stored != nil {
				return nil
			}
			stored = instr.Val
		case *ssa.MakeClosure:
			if assigns(instr, alloc) {
				return nil
			}
		case *ssa.UnOp, *ssa.DebugRef:
		default:
			return nil // its address is taken
		}
	}
	return stored
}

// assigns reports whether the literal of c may assign to the variable cell.
func assigns(c *ssa.MakeClosure, cell ssa.Value) bool {
	for _, free := range Free(c, cell) {
		for _, instr := range *free.Referrers() {
			switch instr := instr.(type) {
			case *ssa.UnOp, *ssa.DebugRef:
			case *ssa.MakeClosure:
				if assigns(instr, free) {
					return true
				}
			default:
				return true
			}
		}
	}
	return false
}

// Free returns the names that cell has inside the literal of c.
func Free(c *ssa.MakeClosure, cell ssa.Value) (free []*ssa.FreeVar) {
	fn := c.Fn.(*ssa.Function)
	for i, b := range c.Bindings {
		if b == cell {
			free = append(free, fn.FreeVars[i])
		}
	}
	return free
}
