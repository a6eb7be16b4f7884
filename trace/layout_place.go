package trace

import (
	"math"
	"slices"

	"github.com/ebb-go/ebb/internal/term"
)

// placeRows gives every slot its height in the picture. In turns each column is
// placed as near as its order allows to where its neighbours pull it.
func (d *drawing) placeRows() {
	const rounds = 10
	for _, column := range d.order {
		y := 0.0
		for i, s := range column {
			if i > 0 {
				y += d.distance(column[i-1], s)
			}
			d.slots[s].y = y
		}
		for _, s := range column { // centred on 0
			d.slots[s].y -= y / 2
		}
	}
	for round := range rounds {
		for k := range d.order {
			if round%2 == 0 {
				d.settle(d.order[k], true, round == rounds-1)
			} else {
				d.settle(d.order[len(d.order)-1-k], false, round == rounds-1)
			}
		}
	}
	top, bottom := math.Inf(1), math.Inf(-1)
	for i := range d.slots {
		top = min(top, d.slots[i].y-d.slots[i].height/2)
		bottom = max(bottom, d.slots[i].y+d.slots[i].height/2)
	}
	for i := range d.slots {
		d.slots[i].y = math.Round(d.slots[i].y - top)
	}
	if len(d.slots) > 0 {
		d.height = math.Ceil(bottom - top)
	}
}

// distance is that between the middles of two slots, one below the other.
func (d *drawing) distance(upper, lower int) float64 {
	a, b := &d.slots[upper], &d.slots[lower]
	gap := float64(nodeGap)
	if a.node < 0 && b.node < 0 {
		gap = 6 // edges may run closer than nodes stand
	}
	return (a.height+b.height)/2 + gap
}

// settle moves the slots of a column to where the sum of the squared distances
// from their wishes is least without changing their order or overlapping. With
// the distances that must be kept taken off, this is isotonic regression, and
// pooling adjacent violators solves it in one pass.
func (d *drawing) settle(column []int, fromLeft, fromBoth bool) {
	type block struct {
		sum, weight float64
		from        int
	}
	var blocks []block
	offset, offsets := 0.0, make([]float64, len(column))
	for i, s := range column {
		if i > 0 {
			offset += d.distance(column[i-1], s)
		}
		offsets[i] = offset
		wish, weight := d.wish(s, fromLeft, fromBoth)
		b := block{sum: (wish - offset) * weight, weight: weight, from: i}
		for len(blocks) > 0 && blocks[len(blocks)-1].sum/blocks[len(blocks)-1].weight >= b.sum/b.weight {
			last := blocks[len(blocks)-1]
			blocks = blocks[:len(blocks)-1]
			b = block{sum: b.sum + last.sum, weight: b.weight + last.weight, from: last.from}
		}
		blocks = append(blocks, b)
	}
	for k, b := range blocks {
		to := len(column)
		if k+1 < len(blocks) {
			to = blocks[k+1].from
		}
		for i := b.from; i < to; i++ {
			d.slots[column[i]].y = b.sum/b.weight + offsets[i]
		}
	}
}

// wish is where a slot wants to be, and how much: the median of its neighbours
// on one side, or its place if it has none there. Edges that pass want to be
// straight more than nodes want to be central.
func (d *drawing) wish(s int, fromLeft, fromBoth bool) (y, weight float64) {
	p := &d.slots[s]
	neighbours := p.right
	if fromLeft {
		neighbours = p.left
	}
	if fromBoth {
		neighbours = slices.Concat(p.left, p.right)
	}
	weight = 1
	if p.node < 0 {
		weight = 4
	}
	if len(neighbours) == 0 {
		return p.y, weight / 4
	}
	ys := make([]float64, len(neighbours))
	for i, n := range neighbours {
		ys[i] = d.slots[n].y
	}
	slices.Sort(ys)
	middle := len(ys) / 2
	if len(ys)%2 == 1 {
		return ys[middle], weight
	}
	return (ys[middle-1] + ys[middle]) / 2, weight
}

// placeColumns gives each column the width of its widest node, and each gap
// room for its edges.
func (d *drawing) placeColumns() {
	d.x, d.w = make([]float64, len(d.columns)), make([]float64, len(d.columns))
	x := 0.0
	for k := range d.columns {
		w := float64(term.Width(d.columns[k])) * smallCell
		segments := 0
		for _, s := range d.order[k] {
			if n := d.slots[s].node; n >= 0 {
				w = max(w, float64(term.Width(term.Fit(d.nodes[n].name, nodeCells)))*cellWidth+18)
			}
			segments += len(d.slots[s].right)
		}
		d.x[k], d.w[k] = x, math.Ceil(w)
		x += d.w[k]
		if k+1 < len(d.columns) {
			x += min(64, 30+1.5*float64(segments))
		}
	}
	d.width = x
}

// nodeCells is the length beyond which a node's name is cut.
const nodeCells = 22
