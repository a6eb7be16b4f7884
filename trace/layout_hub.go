package trace

import "fmt"

// hub stands for the edges from each of some nodes to each of others. Daemons and
// children depend on all that their scope holds, so n of them on m guards have
// n times m edges, of which no one follows from others; through a hub these are n
// and m.
type hub struct{ from, to []int }

// bundle replaces edges by hubs, for nodes that depend on the same ones. It is for
// graphs that have too many edges without.
func (g *dag) bundle() (hubs []hub) {
	at := make(map[string]int)
	for i := range g.nodes {
		if len(g.nodes[i].to) < 3 {
			continue
		}
		key := fmt.Sprint(g.nodes[i].to)
		k, seen := at[key]
		if !seen {
			k = len(hubs)
			at[key] = k
			hubs = append(hubs, hub{to: g.nodes[i].to})
		}
		hubs[k].from = append(hubs[k].from, i)
	}
	kept := hubs[:0]
	for _, h := range hubs {
		if len(h.from) < 3 {
			continue
		}
		kept = append(kept, h)
		for _, i := range h.from {
			g.nodes[i].to = nil
		}
	}
	return kept
}
