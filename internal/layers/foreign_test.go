package layers_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"sort"
	"strings"
	"testing"
)

// Foreign code is what users hand to a scope: errors, contexts, log handlers, tracers,
// meters, callbacks. It can panic, block and call back, so it is never called while a
// lock is held; and what could be called in the wrong place by mistake goes through
// internal/fault, which contains it.

// foreignMethods are called on values from elsewhere: of contexts, errors, loggers,
// recorders and spans.
var foreignMethods = []string{
	"Deadline", "Done", "Err", "Value", // of a context
	"Error", "Unwrap", "Is", "As", // of an error
	"LogAttrs", "Warn", // of a logger
	"Acquire", "Drop", "GuardLive", "Task", "Teardown", "StartWave", "EndWave", "Skip", // of a recorder
}

// foreignFuncs call methods of what they are given.
var foreignFuncs = map[string][]string{
	"context": {"AfterFunc", "Cause", "WithCancelCause", "WithDeadline"},
	"errors":  {"As", "Is", "Join", "Unwrap"},
	"fault":   {"Chain", "Contain", "Foreign", "Is", "List", "Text", "TextOf", "Tree", "Type"},
	"record":  {"Start", "Wanted"},
}

// doors are the files of scope that may call a method of an error, or of a logger.
var doors = map[string][]string{
	"Error":    {"errors.go"}, // of the package's own errors, whose text is contained
	"Unwrap":   {"echo.go", "handle.go"},
	"LogAttrs": {"log.go"},
}

// room is a package whose functions are known, but not what it imports.
type room struct {
	trees []*ast.File
	set   *token.FileSet
	info  types.Info
	own   *types.Package
}

func roomOf(t *testing.T, pkg string) *room {
	t.Helper()
	r := &room{info: types.Info{Uses: make(map[*ast.Ident]types.Object), Defs: make(map[*ast.Ident]types.Object)}}
	for _, f := range files(t) {
		if f.pkg == pkg && !f.test {
			r.trees, r.set = append(r.trees, f.tree), f.set
		}
	}
	conf := types.Config{Importer: noImports{}, Error: func(error) {}}
	r.own, _ = conf.Check(module+"/"+pkg, r.set, r.trees, &r.info) // it has errors, for nothing imported has a type
	return r
}

// called returns the function of the package that call calls, or what it calls of
// foreign code.
func (r *room) called(call *ast.CallExpr) (own *types.Func, foreign string) {
	fun := ast.Unparen(call.Fun)
	if ix, ok := fun.(*ast.IndexExpr); ok {
		fun = ix.X
	}
	id, _ := fun.(*ast.Ident)
	sel, _ := fun.(*ast.SelectorExpr)
	if sel != nil {
		id = sel.Sel
	}
	if id == nil {
		return nil, ""
	}
	if f, ok := r.info.Uses[id].(*types.Func); ok && f.Pkg() == r.own {
		return f.Origin(), ""
	}
	if sel == nil {
		return nil, ""
	}
	if x, ok := sel.X.(*ast.Ident); ok {
		if p, ok := r.info.Uses[x].(*types.PkgName); ok {
			if slices.Contains(foreignFuncs[p.Name()], sel.Sel.Name) {
				return nil, p.Name() + "." + sel.Sel.Name
			}
			return nil, ""
		}
	}
	if slices.Contains(foreignMethods, sel.Sel.Name) {
		return nil, "method " + sel.Sel.Name
	}
	return nil, ""
}

// calls calls f for every call in n that happens when n runs, but not in functions that
// n only makes.
func calls(n ast.Node, f func(*ast.CallExpr)) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit, *ast.GoStmt:
			return false
		case *ast.CallExpr:
			if lit, ok := n.Fun.(*ast.FuncLit); ok {
				calls(lit.Body, f)
			}
			f(n)
		}
		return true
	})
}

// foreign returns the functions of the package that call foreign code, directly or
// not, each with how.
func (r *room) foreign() map[*types.Func]string {
	how := make(map[*types.Func]string)
	for changed := true; changed; {
		changed = false
		for _, tree := range r.trees {
			for _, d := range tree.Decls {
				fd, ok := d.(*ast.FuncDecl)
				if !ok || fd.Body == nil {
					continue
				}
				f := r.info.Defs[fd.Name].(*types.Func)
				calls(fd.Body, func(c *ast.CallExpr) {
					own, foreign := r.called(c)
					if foreign == "" && own != nil && how[own] != "" {
						foreign = own.Name() + " > " + how[own]
					}
					if foreign != "" && how[f] == "" {
						how[f], changed = foreign, true
					}
				})
			}
		}
	}
	return how
}

// isMutex reports whether call is x.mu.name(), and of what.
func isMutex(call *ast.CallExpr, name string) (of string, ok bool) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return "", false
	}
	x, ok := sel.X.(*ast.SelectorExpr)
	if !ok || x.Sel.Name != "mu" {
		return "", false
	}
	return types.ExprString(x.X), true
}

// TestNoForeignCodeUnderALock looks at what functions do between Lock and Unlock of a
// scope's mu, and in those whose names end in Locked.
func TestNoForeignCodeUnderALock(t *testing.T) {
	r := roomOf(t, "scope")
	how := r.foreign()
	if len(how) < 10 {
		t.Fatalf("found foreign code in %d functions: not looking in the right place", len(how))
	}
	locked := 0
	for _, tree := range r.trees {
		for _, d := range tree.Decls {
			fd, ok := d.(*ast.FuncDecl)
			if !ok || fd.Body == nil {
				continue
			}
			report := func(c *ast.CallExpr) {
				locked++
				own, foreign := r.called(c)
				if foreign == "" && own != nil && how[own] != "" {
					foreign = own.Name() + " > " + how[own]
				}
				if foreign != "" {
					t.Errorf("%s: %s calls foreign code under a lock: %s", r.set.Position(c.Pos()), fd.Name.Name, foreign)
				}
			}
			underLock(fd.Body.List, strings.HasSuffix(fd.Name.Name, "Locked"), report)
		}
	}
	if locked < 100 {
		t.Errorf("found %d calls under a lock: not looking in the right place", locked)
	}
}

// underLock reports the calls of a list of statements that happen under a lock, and
// whether it is held at the end. A branch that returns says nothing about what follows.
func underLock(list []ast.Stmt, held bool, report func(*ast.CallExpr)) bool {
	for _, stmt := range list {
		switch s := stmt.(type) {
		case *ast.ExprStmt:
			if c, ok := s.X.(*ast.CallExpr); ok {
				if _, ok := isMutex(c, "Lock"); ok {
					held = true
					continue
				}
				if _, ok := isMutex(c, "Unlock"); ok || unlocks(c) {
					held = false
					continue
				}
			}
		case *ast.DeferStmt:
			continue // at the end, in what state ever
		case *ast.BlockStmt:
			held = underLock(s.List, held, report)
			continue
		case *ast.IfStmt:
			if held {
				for _, n := range []ast.Node{s.Init, s.Cond} {
					if n != nil && n != ast.Stmt(nil) {
						calls(n, report)
					}
				}
			}
			after := underLock(s.Body.List, held, report)
			otherwise := held
			if s.Else != nil {
				otherwise = underLock([]ast.Stmt{s.Else}, held, report)
			}
			if held = otherwise; !ends(s.Body.List) {
				held = held && after || after && otherwise
			}
			continue
		case *ast.ForStmt:
			held = underLock(s.Body.List, held, report)
			continue
		case *ast.RangeStmt:
			held = underLock(s.Body.List, held, report)
			continue
		case *ast.SwitchStmt:
			for _, c := range s.Body.List {
				underLock(c.(*ast.CaseClause).Body, held, report)
			}
			continue
		case *ast.TypeSwitchStmt:
			for _, c := range s.Body.List {
				underLock(c.(*ast.CaseClause).Body, held, report)
			}
			continue
		case *ast.SelectStmt:
			for _, c := range s.Body.List {
				underLock(c.(*ast.CommClause).Body, held, report)
			}
			continue
		}
		if held {
			calls(stmt, report)
		}
	}
	return held
}

// unlocks reports whether call is that of a method that unlocks what its caller has
// locked.
func unlocks(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && (sel.Sel.Name == "unlockAndCount" || sel.Sel.Name == "taskEndedUnlock")
}

// ends reports whether a list of statements does not go on to what follows it.
func ends(list []ast.Stmt) bool {
	if len(list) == 0 {
		return false
	}
	switch list[len(list)-1].(type) {
	case *ast.ReturnStmt, *ast.BranchStmt:
		return true
	}
	return false
}

// TestForeignCodeHasDoors keeps the methods of users' errors and loggers behind those
// who contain them.
func TestForeignCodeHasDoors(t *testing.T) {
	r := roomOf(t, "scope")
	var wrong []string
	for _, tree := range r.trees {
		name := r.set.Position(tree.Pos()).Filename
		name = name[strings.LastIndexByte(name, '/')+1:]
		ast.Inspect(tree, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			_, foreign := r.called(c)
			method, isMethod := strings.CutPrefix(foreign, "method ")
			allowed, guarded := doors[method]
			switch {
			case strings.HasPrefix(foreign, "errors."):
				wrong = append(wrong, fmt.Sprintf("%s: %s: use internal/fault", r.set.Position(c.Pos()), foreign))
			case isMethod && guarded && !slices.Contains(allowed, name):
				wrong = append(wrong, fmt.Sprintf("%s: %s, outside of %v", r.set.Position(c.Pos()), foreign, allowed))
			}
			return true
		})
	}
	sort.Strings(wrong)
	for _, w := range wrong {
		t.Error(w)
	}
}
