package main

import (
	"fmt"
	"io"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/trace"
)

// showBad is how many bad rows are shown.
const showBad = 20

// writeBad says which rows were left out, and why.
func writeBad(w io.Writer, in inputs) {
	if len(in.bad) == 0 {
		return
	}
	fmt.Fprintf(w, "%d of %d rows are bad and are not sent:\n", len(in.bad), len(in.bad)+len(in.orders))
	for _, b := range in.bad[:min(len(in.bad), showBad)] {
		fmt.Fprintf(w, "  %v\n", b)
	}
	if more := len(in.bad) - showBad; more > 0 {
		fmt.Fprintf(w, "  and %d more\n", more)
	}
	fmt.Fprintln(w)
}

// writeReport shows how the service stopped: here, and in the files.
func writeReport(w io.Writer, in inputs, r *trace.Report) error {
	err := r.WriteText(w)
	err = multierr.Append(err, in.html.write(r.WriteHTML))
	fmt.Fprintf(w, "\nwritten to %s", in.html.path)
	if in.svg != nil {
		err = multierr.Append(err, in.svg.write(r.WriteSVG))
		fmt.Fprintf(w, " and %s", in.svg.path)
	}
	fmt.Fprint(w, "\n\n")
	return err
}
