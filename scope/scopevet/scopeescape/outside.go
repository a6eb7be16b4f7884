package scopeescape

import (
	"go/ast"
	"go/types"
)

// own reports whether v is a variable of the body itself. The receiver and the
// parameters of a declared body are not: what they point to comes from outside.
func (c *check) own(v *types.Var) bool { return c.f.Owns(v) && !c.isGiven(v) }

// isGiven reports whether v is a parameter or the receiver of a body that is declared,
// but not its scope or context.
func (c *check) isGiven(v *types.Var) bool {
	d, ok := c.f.Node.(*ast.FuncDecl)
	return ok && v.Pos() < d.Body.Pos() && v != c.f.Scope && v != c.f.Ctx
}

// outside returns what kind of place lhs is, if it is one that is there when the body
// has ended, and "".
func (c *check) outside(lhs ast.Expr) string {
	root := c.fs.Root(lhs)
	if root == nil || c.own(root) {
		return ""
	}
	_, variable := ast.Unparen(lhs).(*ast.Ident)
	switch {
	case root.Parent() == root.Pkg().Scope():
		return "a variable of the program"
	case c.f.Owns(root) && variable:
		return "" // an assignment to the parameter itself
	case c.f.Owns(root), !variable && c.isParam(root):
		if c.f.To == "scope.Main" {
			return "" // after which the program ends
		}
		return "which comes from outside"
	case c.usedOutside(root):
		return "a variable from outside"
	}
	return ""
}

// isParam reports whether v has no value in this package but what it was given.
func (c *check) isParam(v *types.Var) bool { return len(c.fs.Values(v)) == 0 && !c.isDeclared(v) }

// isDeclared reports whether v is declared by var.
func (c *check) isDeclared(v *types.Var) (found bool) {
	for _, file := range c.Files {
		if file.FileStart > v.Pos() || v.Pos() >= file.FileEnd {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for _, id := range spec.Names {
					found = found || c.TypesInfo.Defs[id] == v
				}
			}
			return !found
		})
	}
	return found
}

// usedOutside reports whether v is read outside of the body.
func (c *check) usedOutside(v *types.Var) bool {
	for id, obj := range c.TypesInfo.Uses {
		if obj == v && !c.f.Within(id) {
			return true
		}
	}
	return false
}
