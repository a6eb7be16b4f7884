// Package chart draws what the commands of this module have to show, as SVG.
package chart

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// palette is readable with the common kinds of colour blindness (Okabe and Ito).
// The first is ebb's.
func palette(i int) color.Color {
	colors := []color.RGBA{
		{0, 114, 178, 255}, {230, 159, 0, 255}, {0, 158, 115, 255}, {204, 121, 167, 255},
		{86, 180, 233, 255}, {213, 94, 0, 255}, {120, 120, 120, 255}, {90, 70, 160, 255},
	}
	return colors[i%len(colors)]
}

// A Bar is one value with the smallest and largest that were measured.
type Bar struct {
	Label         string
	Value, Lo, Hi float64
	Mark          float64 // a line across the bar, such as the least possible; 0: none
	Text          string  // beside the bar
	Highlight     bool    // it is ebb's
}

// Bars writes horizontal bars, the first on top, to path. x says what the length
// is.
func Bars(path, title, x string, bars []Bar) error {
	p := newPlot(title)
	p.X.Label.Text, p.X.Min = x, 0
	p.Y.Tick.Length = 0
	ticks := make([]plot.Tick, len(bars))
	for i, b := range bars {
		y := float64(len(bars) - 1 - i)
		ticks[i] = plot.Tick{Value: y, Label: b.Label + "    "} // room for wider fonts
		bar, err := plotter.NewBarChart(plotter.Values{b.Value}, vg.Points(16))
		if err != nil {
			return err
		}
		bar.Horizontal, bar.XMin, bar.LineStyle.Width = true, y, 0
		bar.Color = palette(6)
		if b.Highlight {
			bar.Color = palette(0)
		}
		p.Add(bar)
		if err := addMarks(p, b, y); err != nil {
			return err
		}
		p.X.Max = math.Max(p.X.Max, b.Hi*1.25)
	}
	p.Y.Tick.Marker = plot.ConstantTicks(ticks)
	p.Y.Min, p.Y.Max = -0.6, float64(len(bars))-0.4
	return save(p, 18*vg.Centimeter, vg.Length(len(bars))*0.75*vg.Centimeter+3*vg.Centimeter, 0, path)
}

// addMarks draws the spread of b, its mark and its text at height y.
func addMarks(p *plot.Plot, b Bar, y float64) error {
	line := func(x0, y0, x1, y1 float64, c color.Color, width vg.Length) error {
		l, err := plotter.NewLine(plotter.XYs{{X: x0, Y: y0}, {X: x1, Y: y1}})
		if err != nil {
			return err
		}
		l.Color, l.Width = c, width
		p.Add(l)
		return nil
	}
	if b.Hi > b.Lo {
		if err := line(b.Lo, y, b.Hi, y, color.Black, vg.Points(1)); err != nil {
			return err
		}
	}
	if b.Mark > 0 {
		if err := line(b.Mark, y-0.42, b.Mark, y+0.42, palette(5), vg.Points(2)); err != nil {
			return err
		}
	}
	if b.Text == "" {
		return nil
	}
	labels, err := plotter.NewLabels(plotter.XYLabels{
		XYs: plotter.XYs{{X: math.Max(b.Value, b.Hi), Y: y}}, Labels: []string{"\u00a0\u00a0" + b.Text},
	})
	if err != nil {
		return err
	}
	labels.TextStyle[0].YAlign = draw.YCenter
	labels.TextStyle[0].Font.Variant = "Sans"
	p.Add(labels)
	return nil
}

// A Line is a series of points.
type Line struct {
	Label string
	X, Y  []float64
}

// Lines writes lines over logarithmic axes to path.
func Lines(path, title, x, y string, lines []Line) error {
	p := newPlot(title)
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	p.Add(plotter.NewGrid())
	for i, l := range lines {
		points := make(plotter.XYs, len(l.X))
		for k := range points {
			points[k].X, points[k].Y = l.X[k], l.Y[k]
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		line.Color, line.Width = palette(i), vg.Points(2)
		dots.Color, dots.Shape = palette(i), draw.CircleGlyph{}
		p.Add(line, dots)
		p.Legend.Add(l.Label, line, dots)
	}
	p.Legend.Top, p.Legend.Padding, p.Legend.XOffs = true, vg.Points(3), legendWidth
	return save(p, 18*vg.Centimeter, 11*vg.Centimeter, legendWidth, path)
}

// legendWidth is the room for a legend on the right, where no line can touch it.
const legendWidth = 2.6 * vg.Centimeter

// save writes p with a margin, for the fonts of whoever looks at it may be wider,
// and with so much room on the right.
func save(p *plot.Plot, width, height, right vg.Length, path string) error {
	for _, style := range []*text.Style{
		&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle,
	} {
		style.Font.Variant = "Sans"
	}
	svg := vgsvg.New(width, height)
	c := draw.New(svg)
	c.FillPolygon(color.White, []vg.Point{{}, {X: width}, {X: width, Y: height}, {Y: height}})
	p.Draw(draw.Crop(c, 0.4*vg.Centimeter, -0.4*vg.Centimeter-right, 0.3*vg.Centimeter, -0.3*vg.Centimeter))
	var b bytes.Buffer
	if _, err := svg.WriteTo(&b); err != nil {
		return err
	}
	// Not everybody has the font, and a browser would take one with serifs.
	drawn := bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;"))
	return os.WriteFile(path, drawn, 0o644)
}

// newPlot has a white ground, so that it can be read on a dark page too.
func newPlot(title string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Title.Padding = vg.Points(8)
	p.BackgroundColor = color.White
	return p
}

// Duration says d seconds as a person would.
func Duration(seconds float64) string {
	switch {
	case seconds < 1e-6:
		return fmt.Sprintf("%.0f ns", seconds*1e9)
	case seconds < 1e-3:
		return fmt.Sprintf("%.3g µs", seconds*1e6)
	case seconds < 1:
		return fmt.Sprintf("%.4g ms", seconds*1e3)
	}
	return fmt.Sprintf("%.4g s", seconds)
}
