package guardleak

import (
	"fmt"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/ebb-go/ebb/scope/scopevet/internal/flow"
	"github.com/ebb-go/ebb/scope/scopevet/internal/role"
)

// makes is the fact that results of a function are guards that their receiver owes.
type makes struct{ Results []int }

func (*makes) AFact() {}

func (m *makes) String() string { return fmt.Sprintf("makes%v", m.Results) }

// makesFirst has the functions of ebb whose first result is one.
var makesFirst = map[string]bool{
	"guard.New":            true,
	"guard.Of":             true,
	"guard.Map":            true,
	"guard.Share":          true,
	"guard.NewMutex":       true,
	"guard.Lazy.Get":       true,
	"guard.Mutex.Unwrap":   true,
	"guard.Shared.Clone":   true,
	"guard.Shared.Unshare": true,
	"guard.Table.Take":     true,
	"guard.Weak.Upgrade":   true,
}

// makers knows which functions make guards.
type makers struct {
	pass *analysis.Pass
	own  map[*types.Func]*makes
}

// newMakers finds those of the package, until it finds no more: one may return what
// another has made. It leaves facts about those that other packages can call.
func newMakers(pass *analysis.Pass, fs *flow.Funcs) *makers {
	m := &makers{pass, map[*types.Func]*makes{}}
	for more := true; more; {
		more = false
		for _, fn := range fs.All {
			obj, ok := fn.Object().(*types.Func)
			if !ok || role.Name(obj) != "" {
				continue
			}
			was := 0
			if old := m.own[obj]; old != nil {
				was = len(old.Results)
			}
			if now := m.results(fn); len(now) > was {
				m.own[obj] = &makes{now}
				more = true
			}
		}
	}
	for obj, fact := range m.own {
		if obj.Exported() {
			pass.ExportObjectFact(obj, fact)
		}
	}
	return m
}

// made returns the places of the results of call that are new guards.
func (m *makers) made(call *ssa.CallCommon) []int {
	fn := flow.Func(call)
	if fn == nil {
		return nil
	}
	if name := role.Name(fn); name != "" {
		if makesFirst[name] {
			return []int{0}
		}
		return nil
	}
	if own := m.own[fn]; own != nil {
		return own.Results
	}
	var fact makes
	if fn.Pkg() != m.pass.Pkg && m.pass.ImportObjectFact(fn, &fact) {
		return fact.Results
	}
	return nil
}

// results returns which results of fn are guards that it has made, on some path.
func (m *makers) results(fn *ssa.Function) (places []int) {
	types := fn.Signature.Results()
	for i := range types.Len() {
		if !strings.HasPrefix(role.TypeName(types.At(i).Type()), "guard.") {
			continue
		}
		for _, b := range fn.Blocks {
			if r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok && m.isNew(r.Results[i], map[ssa.Value]bool{}) {
				places = append(places, i)
				break
			}
		}
	}
	return slices.Compact(places)
}

// isNew reports whether v is a new guard, at least by one way.
func (m *makers) isNew(v ssa.Value, seen map[ssa.Value]bool) bool {
	if seen[v] {
		return false
	}
	seen[v] = true
	switch v := v.(type) {
	case *ssa.Call:
		return slices.Contains(m.made(&v.Call), 0)
	case *ssa.Extract:
		call, ok := v.Tuple.(*ssa.Call)
		return ok && slices.Contains(m.made(&call.Call), v.Index)
	case *ssa.Phi:
		for _, e := range v.Edges {
			if m.isNew(e, seen) {
				return true
			}
		}
	}
	return false
}
