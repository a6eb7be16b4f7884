// Package doc takes the text of an analyzer from the doc comment of its package, as
// those of go vet do.
package doc

import (
	"go/parser"
	"go/token"
	"strings"
)

// Of returns the section "# Analyzer NAME" of the package comment in the source
// text, from its line "NAME: summary" to its end. It panics if there is none.
func Of(text, name string) string {
	f, err := parser.ParseFile(token.NewFileSet(), "doc.go", text, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil || f.Doc == nil {
		panic("scopevet: no package comment for " + name)
	}
	_, section, ok := strings.Cut(f.Doc.Text(), "\n# Analyzer "+name+"\n")
	if !ok {
		panic("scopevet: no section for " + name)
	}
	section, _, _ = strings.Cut(section, "\n# ")
	section = strings.TrimSpace(section)
	summary, ok := strings.CutPrefix(section, name+": ")
	if !ok {
		panic("scopevet: no summary for " + name)
	}
	return summary
}
