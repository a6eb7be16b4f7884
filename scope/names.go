package scope

import (
	"strconv"
	"strings"
)

// nameSet keeps the names of the nodes of a scope unique: a taken one gets #2,
// #3 and so on, and is free again once its node is gone. The zero value is
// empty. Up to few names live in an array, which for the scope of a request is
// quicker than a map and needs no further allocation per name.
type nameSet struct {
	few  [few]string
	n    int // of them
	many map[string]struct{}
	hint map[string]int // of a base: no smaller number is free; absent: 2
}

const few = 4

func (n *nameSet) has(name string) bool {
	if n.many != nil {
		_, ok := n.many[name]
		return ok
	}
	for _, f := range n.few[:n.n] {
		if f == name {
			return true
		}
	}
	return false
}

// take returns name, or name with the smallest number that makes it unique.
func (n *nameSet) take(name string) string {
	if n.has(name) {
		name = n.numbered(name)
	}
	n.put(name)
	return name
}

func (n *nameSet) put(name string) {
	if n.many == nil && n.n < few {
		n.few[n.n] = name
		n.n++
		return
	}
	if n.many == nil {
		n.many = make(map[string]struct{}, 4*few)
		for _, f := range n.few {
			n.many[f] = struct{}{}
		}
		n.few, n.n = [few]string{}, 0
	}
	n.many[name] = struct{}{}
}

func (n *nameSet) numbered(base string) string {
	if n.hint == nil {
		n.hint = make(map[string]int)
	}
	for k := max(n.hint[base], 2); ; k++ {
		name := base + "#" + strconv.Itoa(k)
		if !n.has(name) {
			n.hint[base] = k + 1
			return name
		}
	}
}

// free gives a name back. The hint goes down with it, and away with the last:
// a set that is empty again holds no memory for the names it had.
func (n *nameSet) free(name string) {
	if n.many != nil {
		delete(n.many, name)
		if len(n.many) == 0 {
			n.many = nil // a map keeps its buckets
		}
	} else {
		for i, f := range n.few[:n.n] {
			if f == name {
				n.n--
				n.few[i], n.few[n.n] = n.few[n.n], ""
				break
			}
		}
	}
	if n.hint == nil {
		return
	}
	if i := strings.LastIndexByte(name, '#'); i >= 0 {
		if k, err := strconv.Atoi(name[i+1:]); err == nil && k < n.hint[name[:i]] {
			n.hint[name[:i]] = k
			if k <= 2 {
				delete(n.hint, name[:i])
			}
		}
	}
}
