// The helpers below are what formats share: rows, layouts and the table of formats
// are tested once here instead of through each.
package trace

import (
	"io"
	"time"
)

func MermaidText(s string) string                        { return mermaidText(s) }
func PictureCSS() string                                 { return pictureCSS }
func PageStyle() string                                  { return pageStyle }
func NiceStep(d time.Duration, px float64) time.Duration { return niceStep(d, px) }

// Row is a line of a waterfall.
type Row struct {
	Name     string // of the entry, or of the fold
	Folded   int
	Wave     string
	Outcome  string
	Critical bool
}

// Rows are the lines of r.
func Rows(r *Report, most, limit int) []Row {
	var rows []Row
	for _, w := range r.rows(most, limit) {
		rows = append(rows, Row{w.name(), len(w.fold), w.waveLabel(), w.outcome(), w.critical})
	}
	return rows
}

// Box is a node in a picture of a graph.
type Box struct {
	Name           string
	Column, Folded int
	X, Y, W, H     float64
	To             []int
}

// Layout places the graph of r, and counts what it left out.
func Layout(r *Report, columns, rows int) (boxes []Box, crossings, implied int) {
	d := newGraph(r.vertices(), columns, rows).layout()
	for i, n := range d.g.nodes {
		s, k := d.Slots[i], d.Nodes[i].Column
		boxes = append(boxes, Box{n.name, k, n.fold, d.X[k], s.Y - s.Height/2, d.W[k], s.Height, d.Nodes[i].To})
	}
	return boxes, d.Crossings(), d.Implied
}

// Slots returns whose slot each drop waited for.
func Slots(r *Report) []int { return r.slots() }

// A Format is a line of the table of formats.
type Format struct {
	Name, Ext string
	Report    func(*Report, io.Writer) error
	Plan      func(Plan, io.Writer) error
}

// Formats are all.
func Formats() (all []Format) {
	for _, f := range formats() {
		all = append(all, Format{f.name, f.ext, f.report, f.plan})
	}
	return all
}

// A WaveBudget says what a wave was allowed and used.
type WaveBudget = waveBudget

// Budget returns those of r.
func Budget(r *Report) []WaveBudget { return r.budget() }

// Waited returns how long e waited.
func Waited(e Entry) time.Duration { return e.waited() }

// A Change is one of a Diff.
type Change struct {
	Name, Kind   string
	Planned, Ran int
	Outcome      string
}

// Changes returns those of d: not run, not planned, moved.
func Changes(d Diff) (lists [3][]Change) {
	for i, list := range [][]change{d.notRun, d.notPlanned, d.moved} {
		for _, c := range list {
			lists[i] = append(lists[i], Change{c.name, c.kind, c.planned, c.ran, c.outcome})
		}
	}
	return lists
}
