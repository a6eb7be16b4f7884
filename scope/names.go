package scope

import (
	"container/heap"
	"strconv"
	"strings"
)

// nameSet keeps the names of the nodes of a scope unique: a taken one gets #2,
// #3 and so on, and is free again once its node is gone. The zero value is
// empty. Up to few names live in an array, which for the scope of a request is
// quicker than a map and needs no further allocation per name.
//
// Taking and freeing a name cost the logarithm of how many there are, and a set
// that is empty again holds no memory.
type nameSet struct {
	inline  [inlineNames]string
	n       int // of them
	names   map[string]struct{}
	peak    int                 // of many since it was last made
	numbers map[string]*numbers // by base; only of those that have numbered names
}

const inlineNames = 4

func (n *nameSet) has(name string) bool {
	if n.names != nil {
		_, ok := n.names[name]
		return ok
	}
	for _, f := range n.inline[:n.n] {
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
	if n.names == nil && n.n < inlineNames {
		n.inline[n.n] = name
		n.n++
		return
	}
	if n.names == nil {
		n.names = make(map[string]struct{}, 4*inlineNames)
		for _, f := range n.inline {
			n.names[f] = struct{}{}
		}
		n.inline, n.n = [inlineNames]string{}, 0
	}
	n.names[name] = struct{}{}
	n.peak = max(n.peak, len(n.names))
}

// numbered returns the first of base#2, base#3, ... that is not taken. Another
// node can have been given such a name by its caller, so each is looked up.
func (n *nameSet) numbered(base string) string {
	if n.numbers == nil {
		n.numbers = make(map[string]*numbers)
	}
	of := n.numbers[base]
	if of == nil {
		of = &numbers{next: firstNumber}
		n.numbers[base] = of
	}
	for {
		if name := numberedName(base, of.take()); !n.has(name) {
			return name
		}
	}
}

// free gives a name back.
func (n *nameSet) free(name string) {
	if !n.remove(name) {
		return
	}
	at := strings.LastIndexByte(name, '#')
	if at < 0 || n.numbers == nil {
		return
	}
	base := name[:at]
	of := n.numbers[base]
	if of == nil {
		return
	}
	if k, err := strconv.Atoi(name[at+1:]); err != nil || numberedName(base, k) != name || !of.free(k) {
		return
	}
	if delete(n.numbers, base); len(n.numbers) == 0 {
		n.numbers = nil
	}
}

// remove takes name out of the set, and reports whether it was there. A map keeps
// its buckets, so one that has become much smaller is made anew.
func (n *nameSet) remove(name string) bool {
	if n.names == nil {
		for i, f := range n.inline[:n.n] {
			if f == name {
				n.n--
				n.inline[i], n.inline[n.n] = n.inline[n.n], ""
				return true
			}
		}
		return false
	}
	if _, ok := n.names[name]; !ok {
		return false
	}
	delete(n.names, name)
	switch {
	case len(n.names) == 0:
		n.names, n.peak = nil, 0
	case n.peak > 16*inlineNames && len(n.names) < n.peak/4:
		smaller := make(map[string]struct{}, len(n.names))
		for name := range n.names {
			smaller[name] = struct{}{}
		}
		n.names, n.peak = smaller, len(smaller)
	}
	return true
}

func numberedName(base string, k int) string { return base + "#" + strconv.Itoa(k) }

// firstNumber is that of the second node of a name.
const firstNumber = 2

// numbers are those of one base. Each from firstNumber on and before next is
// free or its name is taken, and maybe both: a caller can give a node the name
// base#3 while 3 is free.
type numbers struct {
	next   int              // the smallest that was never taken, or that is free with all after it
	unused map[int]struct{} // the free ones
	order  ints             // a heap of them, and of others that are no longer among them
}

// take returns the smallest free number.
func (n *numbers) take() int {
	for len(n.order) > 0 {
		k := heap.Pop(&n.order).(int)
		if _, ok := n.unused[k]; ok {
			delete(n.unused, k)
			return k
		}
	}
	n.next++
	return n.next - 1
}

// free gives k back, and reports whether all numbers are free.
func (n *numbers) free(k int) bool {
	if _, ok := n.unused[k]; ok || k < firstNumber || k >= n.next {
		return false
	}
	if n.unused == nil {
		n.unused = make(map[int]struct{})
	}
	n.unused[k] = struct{}{}
	heap.Push(&n.order, k)
	for n.next > firstNumber {
		if _, ok := n.unused[n.next-1]; !ok {
			break
		}
		n.next--
		delete(n.unused, n.next)
	}
	if len(n.order) > 2*len(n.unused)+inlineNames { // most of them are leftovers
		n.order = n.order[:0:0]
		smaller := make(map[int]struct{}, len(n.unused))
		for k := range n.unused {
			smaller[k] = struct{}{}
			n.order = append(n.order, k)
		}
		n.unused = smaller
		heap.Init(&n.order)
	}
	return n.next == firstNumber
}

// ints is a heap with the smallest on top.
type ints []int

func (h ints) Len() int           { return len(h) }
func (h ints) Less(i, j int) bool { return h[i] < h[j] }
func (h ints) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *ints) Push(k any)        { *h = append(*h, k.(int)) }
func (h *ints) Pop() any {
	last := len(*h) - 1
	k := (*h)[last]
	*h = (*h)[:last]
	return k
}
