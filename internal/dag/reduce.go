package dag

import "fmt"

// Reduce removes the edges that follow from others: a to c where a leads to b and b
// to c. It adds their number to Implied. A daemon depends on all that its scope held:
// drawn one by one, its edges would cover all others.
//
// Nodes are visited backwards, so what is behind a node is known before a node that
// leads to it is visited. Its edges are visited nearest column first: an edge that
// another implies comes after that other, whose reach has it.
func (g *Graph) Reduce() {
	words := (len(g.Nodes) + 63) / 64
	reach := make([][]uint64, len(g.Nodes)) // the nodes behind each, as a set of bits
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		reach[i] = make([]uint64, words)
		kept := g.Nodes[i].To[:0]
		for _, to := range g.Nodes[i].To {
			if reach[i][to/64]&(1<<(to%64)) != 0 {
				g.Implied++
				continue
			}
			kept = append(kept, to)
			reach[i][to/64] |= 1 << (to % 64)
			for w, bits := range reach[to] {
				reach[i][w] |= bits
			}
		}
		g.Nodes[i].To = kept
	}
}

// A Hub stands for the edges from each of some nodes to each of others. Daemons and
// children depend on all that their scope holds, so n of them on m guards have n
// times m edges, none of which follows from others. Through a hub these are n and m.
type Hub struct{ From, To []int }

// Bundle replaces the edges of nodes that lead to the same ones by hubs, which it
// returns. A hub has three ends at least on either side, below which it spares
// nothing. It is for graphs that have too many edges without.
func (g *Graph) Bundle() (hubs []Hub) {
	at := make(map[string]int)
	for i := range g.Nodes {
		if len(g.Nodes[i].To) < 3 {
			continue
		}
		key := fmt.Sprint(g.Nodes[i].To)
		k, seen := at[key]
		if !seen {
			k = len(hubs)
			at[key] = k
			hubs = append(hubs, Hub{To: g.Nodes[i].To})
		}
		hubs[k].From = append(hubs[k].From, i)
	}
	kept := hubs[:0]
	for _, h := range hubs {
		if len(h.From) < 3 {
			continue
		}
		kept = append(kept, h)
		for _, i := range h.From {
			g.Nodes[i].To = nil
		}
	}
	return kept
}
