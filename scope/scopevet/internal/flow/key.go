package flow

import (
	"go/token"
	"strconv"

	"golang.org/x/tools/go/ssa"
)

// A Key stands for what a function reaches by one name: a value, a variable, or a
// field below one of these.
type Key struct {
	base ssa.Value
	path string // of fields
}

// Base returns the value that the name begins with.
func (k Key) Base() ssa.Value { return k.base }

// KeyOf returns the key of v. Two values with the same key are the same as long as
// nothing [Key.ChangedBy] is between them.
func KeyOf(v ssa.Value) Key {
	switch v := origin(v).(type) {
	case *ssa.ChangeType:
		return KeyOf(v.X)
	case *ssa.UnOp:
		if v.Op == token.MUL {
			return place(v.X)
		}
		return Key{base: v}
	case *ssa.Field:
		return KeyOf(v.X).field(v.Field)
	default:
		return Key{base: v}
	}
}

// place returns the key of what is stored at addr.
func place(addr ssa.Value) Key {
	switch addr := addr.(type) {
	case *ssa.FieldAddr:
		if _, ok := addr.X.(*ssa.Alloc); ok {
			return Key{base: addr.X}.field(addr.Field) // a struct variable
		}
		return KeyOf(addr.X).field(addr.Field)
	case *ssa.FreeVar, *ssa.Alloc, *ssa.Global:
		return Key{base: addr}
	default:
		return Key{base: addr, path: "*"}
	}
}

func (k Key) field(i int) Key { return Key{k.base, k.path + "." + strconv.Itoa(i)} }

// isVariable reports whether k is a variable or a field, and not a value, which
// does not change.
func (k Key) isVariable() bool {
	switch k.base.(type) {
	case *ssa.FreeVar, *ssa.Alloc, *ssa.Global:
		return true
	}
	return k.path != ""
}

// ChangedBy reports whether instr may give what k stands for another value. A call
// of a function that is not ebb's may assign to whatever it can reach: the fields of its
// arguments and variables that are not the function's alone.
func (k Key) ChangedBy(instr ssa.Instruction) bool {
	if v, ok := instr.(ssa.Value); ok && v == k.base {
		return true // it is made anew, in a loop
	}
	if !k.isVariable() {
		return false
	}
	switch instr := instr.(type) {
	case *ssa.Store:
		return place(instr.Addr) == k
	case ssa.CallInstruction:
		call := instr.Common()
		if _, builtin := call.Value.(*ssa.Builtin); builtin || Callee(call) != "" {
			return false
		}
		if alloc, ok := k.base.(*ssa.Alloc); k.path == "" && (!ok || alloc.Heap) {
			return true
		}
		for _, arg := range call.Args {
			if a := KeyOf(arg); k.path != "" && (a.base == k.base || arg == k.base) {
				return true
			}
		}
	}
	return false
}

// Precedes reports whether a is executed before b whenever b is.
func Precedes(a, b ssa.Instruction) bool {
	if a.Block() == b.Block() {
		return PlaceOf(a).At < PlaceOf(b).At
	}
	return a.Block().Dominates(b.Block())
}

// Receiver returns the value on which call calls a method of ebb, or the argument
// that stands for it.
func Receiver(call *ssa.CallCommon, at map[string]int) (ssa.Value, bool) {
	i, ok := at[Callee(call)]
	if !ok || i >= len(call.Args) {
		return nil, false
	}
	return call.Args[i], true
}

// Variable returns the key of what the captured variable v holds.
func Variable(v *ssa.FreeVar) Key { return Key{base: v} }

// IsStoredIn reports whether k is what the variable at addr holds.
func (k Key) IsStoredIn(addr ssa.Value) bool {
	if stored := StoredOnce(addr); stored != nil {
		return KeyOf(stored) == k
	}
	return place(addr) == k
}
