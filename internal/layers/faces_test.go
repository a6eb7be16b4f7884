package layers_test

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/importer"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// faces are the public packages, with the most exported identifiers that one may
// have, methods and fields included; 0 is no bound.
var faces = map[string]int{
	"guard": 0, "guard/guardtest": 0,
	"group": 60,
	"trace": 111, // 100, and 11 for what became of the values of slots
	"scope": 0, "scope/scopetest": 0, "scope/scopehttp": 0,
}

// load imports the public packages from what the compiler exports of them, which
// the build cache has.
func load(t *testing.T) map[string]*types.Package {
	t.Helper()
	args := []string{"list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}"}
	for name := range faces {
		args = append(args, "./"+name)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	exports := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[name] = file
	}
	imports := importer.ForCompiler(token.NewFileSet(), "gc", func(name string) (io.ReadCloser, error) {
		return os.Open(exports[name])
	})
	packages := make(map[string]*types.Package)
	for name := range faces {
		if packages[name], err = imports.Import(module + "/" + name); err != nil {
			t.Fatal(err)
		}
	}
	return packages
}

// A face lists the exported identifiers of a package, and those with a type of an
// internal package in their signature.
type face struct {
	pkg   *types.Package
	names []string
	leaks []string
}

func faceOf(pkg *types.Package) *face {
	f := &face{pkg: pkg}
	for _, name := range pkg.Scope().Names() {
		if obj := pkg.Scope().Lookup(name); obj.Exported() {
			f.add(name, obj)
		}
	}
	return f
}

// add adds a declaration, and the fields and methods of a type.
func (f *face) add(name string, obj types.Object) {
	decl, ok := obj.(*types.TypeName)
	if !ok {
		f.name(name, obj.Type())
		return
	}
	if alias, ok := obj.Type().(*types.Alias); ok {
		f.name(name, alias.Rhs())
		return
	}
	f.name(name, nil)
	named := decl.Type().(*types.Named)
	for i := range named.TypeParams().Len() {
		f.check(name, named.TypeParams().At(i).Constraint())
	}
	for m := range named.Methods() {
		if m.Exported() {
			f.name(name+"."+m.Name(), m.Type())
		}
	}
	switch under := named.Underlying().(type) {
	case *types.Struct:
		for field := range under.Fields() {
			if field.Exported() {
				f.name(name+"."+field.Name(), field.Type())
			}
		}
	case *types.Interface:
		for m := range under.ExplicitMethods() {
			if m.Exported() {
				f.name(name+"."+m.Name(), m.Type())
			}
		}
		for e := range under.EmbeddedTypes() {
			f.check(name, e)
		}
	default:
		f.check(name, under)
	}
}

// name adds an identifier of type t.
func (f *face) name(name string, t types.Type) {
	f.names = append(f.names, name)
	f.check(name, t)
}

// check notes a leak if a type of an internal package of ebb is part of t.
func (f *face) check(name string, t types.Type) {
	switch t := t.(type) {
	case *types.Alias: // where it is declared, add looks at what it stands for
		f.owner(name, t.Obj())
		for arg := range t.TypeArgs().Types() {
			f.check(name, arg)
		}
	case *types.Named:
		f.owner(name, t.Obj())
		for arg := range t.TypeArgs().Types() {
			f.check(name, arg)
		}
	case *types.Signature:
		f.check(name, t.Params())
		f.check(name, t.Results())
		for i := range t.TypeParams().Len() {
			f.check(name, t.TypeParams().At(i).Constraint())
		}
	case *types.Tuple:
		for v := range t.Variables() {
			f.check(name, v.Type())
		}
	case *types.Map:
		f.check(name, t.Key())
		f.check(name, t.Elem())
	case interface{ Elem() types.Type }: // pointer, slice, array, channel
		f.check(name, t.Elem())
	case *types.Struct:
		for field := range t.Fields() {
			if field.Exported() {
				f.check(name, field.Type())
			}
		}
	case *types.Interface:
		for m := range t.Methods() {
			if m.Exported() {
				f.check(name, m.Type())
			}
		}
	case *types.Union:
		for term := range t.Terms() {
			f.check(name, term.Type())
		}
	}
}

func (f *face) owner(name string, obj *types.TypeName) {
	if p := obj.Pkg(); p != nil && strings.HasPrefix(p.Path(), module+"/internal/") {
		f.leaks = append(f.leaks, fmt.Sprintf("%s has %s.%s in its signature", name, p.Name(), obj.Name()))
	}
}

// documents returns what go doc shows of a package: the text, and the declarations
// without what is not exported.
func documents(t *testing.T, all []file, pkg string) map[string]string {
	t.Helper()
	set := token.NewFileSet()
	var trees []*ast.File
	for _, f := range all {
		if f.pkg == pkg && !f.test {
			tree, err := parser.ParseFile(set, path.Join(root, f.name), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			trees = append(trees, tree)
		}
	}
	p, err := doc.NewFromFiles(set, trees, module+"/"+pkg)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{"package": p.Doc}
	show := func(name, text string, decl ast.Decl) {
		var code strings.Builder
		if f, ok := decl.(*ast.FuncDecl); ok {
			decl = &ast.FuncDecl{Recv: f.Recv, Name: f.Name, Type: f.Type}
		}
		if err := printer.Fprint(&code, set, decl); err != nil {
			t.Fatal(err)
		}
		shown[name] = text + "\n" + code.String()
	}
	values := func(all []*doc.Value) {
		for _, v := range all {
			show(strings.Join(v.Names, ","), v.Doc, v.Decl)
		}
	}
	funcs := func(of string, all []*doc.Func) {
		for _, f := range all {
			show(of+f.Name, f.Doc, f.Decl)
		}
	}
	values(p.Consts)
	values(p.Vars)
	funcs("", p.Funcs)
	for _, typ := range p.Types {
		show(typ.Name, typ.Doc, typ.Decl)
		values(typ.Consts)
		values(typ.Vars)
		funcs("", typ.Funcs)
		funcs(typ.Name+".", typ.Methods)
	}
	return shown
}

// inner matches the mention of an internal package, or of what it exports.
var inner = regexp.MustCompile(`internal/[a-z]+|\b(budget|engine|fault|life|outcome|record|schedule|term|dag)\.[A-Z]\w*`)

// One type of an internal package is public, under a name in each package that
// returns it: a panic that is caught in one package is reported by another, those
// do not import each other, and [errors.As] has to find it in whichever package it was caught.
const shared = "PanicError has fault.PanicError in its signature"

// TestFaces: what a user may call has public types only. With -v it prints how many
// identifiers each package exports.
func TestFaces(t *testing.T) {
	packages, sources := load(t), files(t)
	total := 0
	for _, name := range slices.Sorted(maps.Keys(faces)) {
		f := faceOf(packages[name])
		total += len(f.names)
		t.Logf("%-16s %3d exported identifiers", name, len(f.names))
		if most := faces[name]; most > 0 && len(f.names) > most {
			t.Errorf("%s exports %d identifiers, more than %d: %s", name, len(f.names), most, strings.Join(f.names, " "))
		}
		for _, leak := range f.leaks {
			if leak != shared {
				t.Errorf("%s: %s", name, leak)
			}
		}
		for decl, text := range documents(t, sources, name) {
			if found := inner.FindString(text); found != "" && found != "fault.PanicError" {
				t.Errorf("%s: the documentation of %s mentions %s", name, decl, found)
			}
		}
	}
	t.Logf("%-16s %3d", "all", total)
}
