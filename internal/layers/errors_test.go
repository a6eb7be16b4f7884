package layers_test

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// held are names of fields that hold an error of a user's.
var held = []string{"Err", "err", "Cause", "cause", "why", "because", "Is"}

// TestErrorsAskThroughTheDoor looks at the methods of ebb's own errors. Package
// fault calls them in place, so none may call a method of an error that it holds
// but through package fault: not by name, not by package errors, not by a verb of
// package fmt.
func TestErrorsAskThroughTheDoor(t *testing.T) {
	looked := 0
	for _, f := range files(t) {
		if f.test {
			continue
		}
		for _, d := range f.tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || fn.Body == nil || !slices.Contains([]string{"Error", "ErrorType", "Is", "As", "Unwrap"}, fn.Name.Name) {
				continue
			}
			looked++
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if why := asksDirectly(call); why != "" {
						t.Errorf("%s: %s %s", f.set.Position(call.Pos()), fn.Name.Name, why)
					}
				}
				return true
			})
		}
	}
	if looked < 40 {
		t.Errorf("found %d methods: not looking in the right place", looked)
	}
}

// asksDirectly says how a call asks an error that is held.
func asksDirectly(call *ast.CallExpr) string {
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if x, ok := fun.X.(*ast.Ident); ok && (x.Name == "errors" || x.Name == "fmt" && strings.HasPrefix(fun.Sel.Name, "S")) {
		for _, arg := range call.Args {
			if isHeld(arg) {
				return "gives what it holds to package " + x.Name
			}
		}
	}
	if slices.Contains([]string{"Error", "ErrorType", "String"}, fun.Sel.Name) && isHeld(fun.X) {
		return "calls " + fun.Sel.Name + " of what it holds"
	}
	return ""
}

// isHeld reports whether x is a field that holds an error, or a variable of such a
// name.
func isHeld(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.SelectorExpr:
		return slices.Contains(held, x.Sel.Name) || x.Sel.Name == "Signal"
	case *ast.Ident:
		return slices.Contains(held, x.Name)
	}
	return false
}
