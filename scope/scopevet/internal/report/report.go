// Package report reports what an analyzer has found, once for each place, and not
// where the code says that it is meant.
package report

import (
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// directive is a comment that takes back what a check says of its line, or of the
// next one if it has a line of its own:
//
//	//scopevet:ignore lostedge the test wants it so
const directive = "//scopevet:ignore "

// A Reporter reports for one run of an analyzer.
type Reporter struct {
	pass *analysis.Pass
	at   map[token.Pos]bool
	mute map[line]bool
}

type line struct {
	file string
	line int
}

// New returns a reporter for pass.
func New(pass *analysis.Pass) *Reporter {
	r := &Reporter{pass, map[token.Pos]bool{}, map[line]bool{}}
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

// Report reports d, unless something was reported there before or the code takes
// it back.
func (r *Reporter) Report(d analysis.Diagnostic) {
	p := r.pass.Fset.Position(d.Pos)
	if r.at[d.Pos] || r.mute[line{p.Filename, p.Line}] {
		return
	}
	r.at[d.Pos] = true
	r.pass.Report(d)
}

// InTest reports whether pos is in a test file.
func InTest(pass *analysis.Pass, pos token.Pos) bool {
	return strings.HasSuffix(pass.Fset.Position(pos).Filename, "_test.go")
}
