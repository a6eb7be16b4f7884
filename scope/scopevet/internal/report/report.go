// Package report reports what an analyzer has found, once for each place, and not
// where the code says that it is meant. Test files, which make mistakes in order to
// see what happens, are left out unless a flag asks for them.
package report

import (
	"flag"
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// directive is a comment that takes back what a check says of its line, or of the
// next one if it has a line of its own:
//
//	//scopevet:ignore lostedge the test wants it so
const directive = "//scopevet:ignore "

// Flags gives a the flag tests, which every check has.
func Flags(a *analysis.Analyzer) *analysis.Analyzer {
	a.Flags.Bool("tests", false, "report in test files, too")
	return a
}

// A Reporter reports for one run of an analyzer.
type Reporter struct {
	pass  *analysis.Pass
	tests bool
	at    map[token.Pos]bool
	mute  map[line]bool
}

type line struct {
	file string
	line int
}

// New returns a reporter for pass.
func New(pass *analysis.Pass) *Reporter {
	tests := pass.Analyzer.Flags.Lookup("tests").Value.(flag.Getter).Get().(bool)
	r := &Reporter{pass, tests, map[token.Pos]bool{}, map[line]bool{}}
	for _, file := range pass.Files {
		for _, group := range file.Comments {
			for _, c := range group.List {
				rest, ok := strings.CutPrefix(c.Text, directive)
				if !ok {
					continue
				}
				names, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
				for name := range strings.SplitSeq(names, ",") {
					if name == pass.Analyzer.Name {
						p := pass.Fset.Position(c.Pos())
						r.mute[line{p.Filename, p.Line}] = true
						r.mute[line{p.Filename, pass.Fset.Position(group.End()).Line + 1}] = true
					}
				}
			}
		}
	}
	return r
}

// Report reports d, unless something was reported there before, the code takes it
// back, or it is in a test file.
func (r *Reporter) Report(d analysis.Diagnostic) {
	p := r.pass.Fset.Position(d.Pos)
	if !r.tests && strings.HasSuffix(p.Filename, "_test.go") {
		return
	}
	if r.at[d.Pos] || r.mute[line{p.Filename, p.Line}] {
		return
	}
	r.at[d.Pos] = true
	r.pass.Report(d)
}
