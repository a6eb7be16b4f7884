package trace

import "io"

// A format is one way to write a report and, if that says anything, a plan. The
// table below is the only place that knows them all: the page serves what it names
// and links to it, and the tests that hold for every format run through it. So a new
// format is a file with its writers and a line here.
type format struct {
	name   string // in a query of the page
	ext    string // of a file
	mime   string
	report func(*Report, io.Writer) error
	plan   func(Plan, io.Writer) error // nil: it has no plans
}

// formats are in the order in which the page links to them. The HTML of a report is
// the page that the links are on.
func formats() []format {
	return []format{
		{"text", "txt", typeText, func(r *Report, w io.Writer) error { return r.WriteText(w) }, func(p Plan, w io.Writer) error { return p.WriteText(w) }},
		{"json", "json", typeJSON, func(r *Report, w io.Writer) error { return writeJSON(w, r) }, func(p Plan, w io.Writer) error { return writeJSON(w, p) }},
		{"svg", "svg", typeSVG, (*Report).WriteSVG, Plan.WriteSVG},
		{"dot", "dot", typeText, (*Report).WriteDOT, Plan.WriteDOT},
		{"mermaid", "mmd", typeText, (*Report).WriteMermaid, Plan.WriteMermaid},
		{"html", "html", typeHTML, (*Report).WriteHTML, nil},
	}
}

// formatNamed returns the format of that name, and the zero format if there is none.
func formatNamed(name string) format {
	for _, f := range formats() {
		if f.name == name {
			return f
		}
	}
	return format{}
}
