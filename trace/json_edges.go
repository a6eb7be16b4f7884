package trace

import (
	"github.com/ebb-go/ebb/internal/dag"
	"github.com/ebb-go/ebb/internal/term"
)

// firstJSON is what an entry depends on, as the first names of a list.
type firstJSON struct {
	List  int `json:"list"`
	First int `json:"first"`
}

// mostWritten edges are written out name by name, in the simplest form that there
// is. Beyond, those that are beginnings of lists are written as such.
const mostWritten = 10_000

// listsJSON returns the lists, and nil where all edges are written out.
func listsJSON(e *dag.Edges) [][]string {
	if e.Total <= mostWritten {
		return nil
	}
	lists := make([][]string, len(e.Lists))
	for k, list := range e.Lists {
		lists[k] = term.Words(list)
	}
	return lists
}

// edgesJSON returns the edges of a node, one way or the other.
func edgesJSON(e *dag.Edges, i int, deps []string) ([]string, *firstJSON) {
	if o := e.Of[i]; o.List >= 0 && e.Total > mostWritten {
		return nil, &firstJSON{o.List, o.First}
	}
	return term.Words(deps), nil
}

// of is the way back: the beginning of the list, or deps without one. A list that
// is not there, or is shorter, is no error, as a name that is not there is none.
func (f *firstJSON) of(lists [][]string, deps []string) []string {
	if f == nil || f.List < 0 || f.List >= len(lists) {
		return deps
	}
	return lists[f.List][:min(max(f.First, 0), len(lists[f.List]))]
}
