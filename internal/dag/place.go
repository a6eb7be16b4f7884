package dag

import (
	"math"
	"slices"
)

// Heights are found by turns: each column in its turn is placed as near as its order
// allows to where its neighbours pull it. After ten rounds what still moves is not
// seen, and the last round pulls from both sides, so that neither end of a chain
// looks attached.

// placeRows gives every slot its height in the picture. In turns each column is
// placed as near as its order allows to where its neighbours pull it.
func (d *Drawing) placeRows() {
	const rounds = 10
	for _, column := range d.order {
		y := 0.0
		for i, s := range column {
			if i > 0 {
				y += d.distance(column[i-1], s)
			}
			d.Slots[s].Y = y
		}
		for _, s := range column { // centred on 0
			d.Slots[s].Y -= y / 2
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
	for i := range d.Slots {
		top = min(top, d.Slots[i].Y-d.Slots[i].Height/2)
		bottom = max(bottom, d.Slots[i].Y+d.Slots[i].Height/2)
	}
	for i := range d.Slots {
		d.Slots[i].Y = math.Round(d.Slots[i].Y - top)
	}
	if len(d.Slots) > 0 {
		d.Height = math.Ceil(bottom - top)
	}
}

// distance is that between the middles of two slots, one below the other.
func (d *Drawing) distance(upper, lower int) float64 {
	a, b := &d.Slots[upper], &d.Slots[lower]
	gap := float64(nodeGap)
	if a.Node < 0 && b.Node < 0 {
		gap = passGap
	}
	return (a.Height+b.Height)/2 + gap
}

// settle moves the slots of a column to where the sum of the squared distances
// from their wishes is least without changing their order or overlapping. With
// the distances that must be kept taken off, this is isotonic regression, and
// pooling adjacent violators solves it in one pass.
func (d *Drawing) settle(column []int, fromLeft, fromBoth bool) {
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
			d.Slots[column[i]].Y = b.sum/b.weight + offsets[i]
		}
	}
}

// wish is where a slot wants to be, and how much: the median of its neighbours
// on one side, or its place if it has none there. Edges that pass want to be
// straight more than nodes want to be central.
func (d *Drawing) wish(s int, fromLeft, fromBoth bool) (y, weight float64) {
	p := &d.Slots[s]
	neighbours := p.Right
	if fromLeft {
		neighbours = p.Left
	}
	if fromBoth {
		neighbours = slices.Concat(p.Left, p.Right)
	}
	weight = 1
	if p.Node < 0 {
		weight = 4
	}
	if len(neighbours) == 0 {
		return p.Y, weight / 4
	}
	ys := make([]float64, len(neighbours))
	for i, n := range neighbours {
		ys[i] = d.Slots[n].Y
	}
	slices.Sort(ys)
	middle := len(ys) / 2
	if len(ys)%2 == 1 {
		return ys[middle], weight
	}
	return (ys[middle-1] + ys[middle]) / 2, weight
}
