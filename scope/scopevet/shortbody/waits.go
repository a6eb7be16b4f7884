package shortbody

import (
	"go/token"
	"iter"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/ebb-go/ebb/scope/scopevet/internal/flow"
	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

// starting has what starts a daemon, and at which place of its arguments the scope is.
var starting = map[string]int{
	"scope.Scope.Daemon":      0,
	"scope.Start":             1,
	"scope.Serve":             1,
	"scope/scopehttp.Serve":   1,
	"scope/scopehttp.ServeOn": 1,
}

// tasks has what starts a task, for which a scope waits.
var tasks = map[string]bool{
	"scope.Scope.Go":     true,
	"scope.Scope.TryGo":  true,
	"scope.Scope.Submit": true,
	"scope.Async":        true,
}

// waiting has the functions of ebb for which their caller, or its scope, waits for
// more than moments.
var waiting = map[string]bool{
	"guard.Guard.Borrow":  true,
	"guard.Mutex.Lock":    true,
	"guard.Mutex.With":    true,
	"guard.Shared.Borrow": true,
	"guard.With":          true,
	"scope.All":           true,
	"scope.Handle.Borrow": true,
	"scope.Main":          true,
	"scope.Race":          true,
	"scope.Run":           true,
	"scope.RunValue":      true,
	"scope.Scope.Close":   true,
	"scope.Scope.Wait":    true,
	"scope.Slot.Borrow":   true,
	"scope.Slots.Borrow":  true,
	"scope.Task.Await":    true,
}

// instant has packages of the standard library whose functions do not wait.
var instant = map[string]bool{
	"context": true, "errors": true, "expvar": true, "flag": true, "fmt": true, "log": true, "log/slog": true,
	"maps": true, "math": true, "path": true, "path/filepath": true, "runtime": true, "runtime/debug": true,
	"slices": true, "sort": true, "strconv": true, "strings": true, "sync/atomic": true,
}

// constructors of packages that also wait.
var constructors = map[string]bool{
	"net/http.NewServeMux": true, "net/http.HandleFunc": true, "net/http.Handle": true,
	"(*net/http.ServeMux).HandleFunc": true, "(*net/http.ServeMux).Handle": true,
	"net/http.HandlerFunc": true, "net/http.FileServer": true, "net/http.StripPrefix": true,
	"os.Getenv": true, "os.LookupEnv": true, "time.Now": true, "time.Since": true, "time.ParseDuration": true,
	"(*sync.Mutex).Unlock": true, "(*sync.WaitGroup).Add": true, "(*sync.WaitGroup).Done": true,
}

// waits knows which functions of the package may wait.
type waits struct{ known map[*ssa.Function]bool }

// starts yields the calls of fn that start a daemon on fn's own scope or a child of
// it, by itself or by a function of the package that does nothing that waits.
func (w *waits) starts(fn *ssa.Function) iter.Seq[*ssa.Call] {
	return func(yield func(*ssa.Call) bool) {
		for call := range flow.CallsOf(fn) {
			if w.isStart(call) && !yield(call) {
				return
			}
		}
	}
}

func (w *waits) isStart(call *ssa.Call) bool {
	if s, ok := flow.Receiver(&call.Call, starting); ok {
		return ownScope(s)
	}
	helper := call.Call.StaticCallee()
	if helper == nil || flow.Callee(&call.Call) != "" || helper.Pkg != call.Parent().Pkg || w.call(&call.Call) {
		return false
	}
	for _, arg := range call.Call.Args {
		if role.TypeName(arg.Type()) == "scope.Scope" && ownScope(arg) {
			for range w.starts(helper) {
				return true
			}
		}
	}
	return false
}

// ownScope reports whether s is the scope that a function has been given, or a child of
// it: another scope may outlive it.
func ownScope(s ssa.Value) bool {
	switch v := flow.KeyOf(s).Base().(type) {
	case *ssa.Parameter:
		return true
	case *ssa.Extract:
		call, ok := v.Tuple.(*ssa.Call)
		return ok && flow.Callee(&call.Call) == "scope.Scope.Child" && ownScope(call.Call.Args[0])
	}
	return false
}

// always reports whether fn, or its scope, waits in any case: for a task, wherever
// that is started, for a deferred call, or for what a function that is given the
// scope does with it.
func (w *waits) always(fn *ssa.Function) bool {
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.Defer:
				if w.call(&instr.Call) {
					return true
				}
			case *ssa.Call:
				if name := flow.Callee(&instr.Call); tasks[name] || name == "" && givesScope(&instr.Call) && w.call(&instr.Call) {
					return true
				}
			}
		}
	}
	return slices.ContainsFunc(fn.AnonFuncs, w.always)
}

func givesScope(call *ssa.CallCommon) bool {
	return slices.ContainsFunc(call.Args, func(arg ssa.Value) bool { return role.TypeName(arg.Type()) == "scope.Scope" })
}

// leaves returns a return of nil that a path from start reaches without a wait.
func (w *waits) leaves(start *ssa.Call) (ret *ssa.Return) {
	results := flow.Results(start)
	failure := results[len(results)-1]
	flow.Walk(flow.PlaceOf(start), func(instr ssa.Instruction) bool {
		if r, ok := instr.(*ssa.Return); ok && len(r.Results) > 0 {
			last := r.Results[len(r.Results)-1]
			if c, ok := last.(*ssa.Const); ok && c.IsNil() || failure != nil && flow.Same(last, failure) {
				ret = r
			}
		}
		return ret == nil && !w.instr(instr)
	}, func(from, to *ssa.BasicBlock) bool {
		return failure == nil || flow.Says(failure, from, to) != flow.Set
	})
	return ret
}

// instr reports whether instr may wait.
func (w *waits) instr(instr ssa.Instruction) bool {
	switch instr := instr.(type) {
	case *ssa.Select:
		return instr.Blocking
	case *ssa.Send:
		return true
	case *ssa.UnOp:
		return instr.Op == token.ARROW
	case *ssa.Call:
		return w.call(&instr.Call)
	}
	return false
}

// call reports whether a call may wait: one that is not known to return at once.
func (w *waits) call(call *ssa.CallCommon) bool {
	if _, ok := call.Value.(*ssa.Builtin); ok {
		return false
	}
	if name := flow.Callee(call); name != "" {
		return waiting[name] || tasks[name]
	}
	if fn := flow.Func(call); fn != nil {
		if fn.Pkg() != nil && instant[fn.Pkg().Path()] || constructors[fn.FullName()] {
			return false
		}
	}
	fn := call.StaticCallee()
	if fn == nil || len(fn.Blocks) == 0 {
		return true
	}
	return w.function(fn)
}

// function reports whether fn, of this package, may wait. While it is being found out
// a function counts as one that does.
func (w *waits) function(fn *ssa.Function) bool {
	if known, ok := w.known[fn]; ok {
		return known
	}
	w.known[fn] = true
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			if d, ok := instr.(*ssa.Defer); w.instr(instr) || ok && w.call(&d.Call) {
				return true
			}
		}
	}
	w.known[fn] = false
	return false
}
