package deafdrop

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

// An ear knows what in a drop function speaks of its context: the context itself and
// what is made from it.
type ear struct {
	info  *types.Info
	heard map[types.Object]bool
}

// derive adds the variables that are assigned something made from the context, until
// there are no more.
func (e *ear) derive(body ast.Node) {
	for n := -1; n != len(e.heard); {
		n = len(e.heard)
		ast.Inspect(body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for i, lhs := range n.Lhs {
					if id, ok := lhs.(*ast.Ident); ok && e.makes(n.Rhs[min(i, len(n.Rhs)-1)]) {
						e.hear(id)
					}
				}
			case *ast.ValueSpec:
				for i, id := range n.Names {
					if len(n.Values) > 0 && e.makes(n.Values[min(i, len(n.Values)-1)]) {
						e.hear(id)
					}
				}
			}
			return true
		})
	}
}

func (e *ear) hear(id *ast.Ident) {
	if obj := e.info.ObjectOf(id); obj != nil {
		e.heard[obj] = true
	}
}

// makes reports whether the value of x ends with the context: it is one, or its Done
// channel or deadline, or a function that looks at it. An error that a call with
// the context has returned does not.
func (e *ear) makes(x ast.Expr) bool {
	if !e.mentions(x) {
		return false
	}
	call, ok := ast.Unparen(x).(*ast.CallExpr)
	if !ok {
		return true
	}
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && e.mentions(sel.X) {
		return true // ctx.Done(), deadline.Add(...)
	}
	return strings.Contains(types.TypeString(e.info.TypeOf(x), nil), "context.") // a context made from it
}

// mentions reports whether n speaks of the context.
func (e *ear) mentions(n ast.Node) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && e.heard[e.info.ObjectOf(id)] {
			found = true
		}
		return !found
	})
	return found
}

// handedOn reports whether the context ends what the function waits for by another
// way: a function that is called after it, a goroutine, a deadline.
func (e *ear) handedOn(body ast.Node) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = found || e.mentions(n)
		case *ast.CallExpr:
			fn, ok := typeutil.Callee(e.info, n).(*types.Func)
			if ok && (fn.FullName() == "context.AfterFunc" || strings.HasSuffix(fn.Name(), "Deadline") && fn.Name() != "Deadline") {
				found = found || e.mentions(n)
			}
		}
		return !found
	})
	return found
}

// selects reports whether a case of the select speaks of the context.
func (e *ear) selects(s *ast.SelectStmt) bool {
	for _, c := range s.Body.List {
		if comm := c.(*ast.CommClause).Comm; comm != nil && e.mentions(comm) {
			return true
		}
	}
	return false
}

// blocks reports whether the select has no default.
func blocks(s *ast.SelectStmt) bool {
	for _, c := range s.Body.List {
		if c.(*ast.CommClause).Comm == nil {
			return false
		}
	}
	return true
}

// lasts reports whether a loop may go on for long: one without a condition, one that
// waits in its body, and one that asks a function again and again whether it is over.
func (e *ear) lasts(n *ast.ForStmt) bool {
	return n.Cond == nil || e.waits(n) || n.Post == nil && e.polls(n)
}

// polls reports whether the loop does nothing, or its condition is a negation such as
// !q.Empty().
func (e *ear) polls(n *ast.ForStmt) bool {
	if len(n.Body.List) == 0 {
		return true
	}
	not, ok := ast.Unparen(n.Cond).(*ast.UnaryExpr)
	if !ok || not.Op != token.NOT {
		return false
	}
	_, call := ast.Unparen(not.X).(*ast.CallExpr)
	return call
}

// rangeLasts is lasts for a range over a channel, or over what is waited for one by one.
func (e *ear) rangeLasts(n *ast.RangeStmt) bool {
	if _, ok := types.Unalias(e.info.TypeOf(n.X)).Underlying().(*types.Chan); ok {
		return true
	}
	return e.waits(n.Body)
}

// blocking has functions that wait.
var blocking = map[string]bool{
	"time.Sleep":             true,
	"runtime.Gosched":        true,
	"(*sync.WaitGroup).Wait": true,
	"(*sync.Cond).Wait":      true,
	"context.Background":     true, // what is called with it waits without the drop's
	"context.TODO":           true,
}

// waits reports whether something in n blocks.
func (e *ear) waits(n ast.Node) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			return false
		case *ast.SelectStmt:
			if !blocks(n) {
				for _, c := range n.Body.List {
					for _, s := range c.(*ast.CommClause).Body {
						found = found || e.waits(s)
					}
				}
				return false
			}
			found = true
		case *ast.SendStmt:
			found = true
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		case *ast.CallExpr:
			if fn, ok := typeutil.Callee(e.info, n).(*types.Func); ok {
				found = found || blocking[fn.FullName()] || role.Name(fn) == "scope.Scope.Wait"
			}
		}
		return !found
	})
	return found
}
