// Scopevet reports mistakes in the use of ebb that the compiler cannot see. Run
// it by itself
//
//	go run github.com/ebb-go/ebb/scope/scopevet@latest ./...
//
// or, once it is installed, as a tool of go vet:
//
//	go vet -vettool=$(which scopevet) ./...
//
// The command scopevet help lists what it checks, scopevet help NAME describes
// one check, and the flag -fix applies the fixes that it suggests. With flags such
// as -lostedge only those checks run.
package main

import (
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/multichecker"

	"github.com/ebb-go/ebb/scope/scopevet/deafdrop"
	"github.com/ebb-go/ebb/scope/scopevet/guardleak"
	"github.com/ebb-go/ebb/scope/scopevet/lostedge"
	"github.com/ebb-go/ebb/scope/scopevet/plaingo"
	"github.com/ebb-go/ebb/scope/scopevet/scopeescape"
	"github.com/ebb-go/ebb/scope/scopevet/shortbody"
	"github.com/ebb-go/ebb/scope/scopevet/uncheckederr"
	"github.com/ebb-go/ebb/scope/scopevet/useafterdrop"
)

var checks = []*analysis.Analyzer{
	deafdrop.Analyzer,
	guardleak.Analyzer,
	lostedge.Analyzer,
	plaingo.Analyzer,
	scopeescape.Analyzer,
	shortbody.Analyzer,
	uncheckederr.Analyzer,
	useafterdrop.Analyzer,
}

// A multichecker is a tool of go vet, too, when go vet calls it.
func main() { multichecker.Main(checks...) }
