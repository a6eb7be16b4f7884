package scope

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/outcome"
	"github.com/ebb-go/ebb/trace"
)

// program is a process under [Main]: what came of its scope, and where that is
// written.
type program struct {
	name   string // in front of every line
	stderr io.Writer
	log    *slog.Logger // instead of stderr; nil: stderr

	err      error
	panicked *PanicError // of the body, a task or a daemon
	bodyNil  bool        // the body returned nil
	report   *trace.Report
}

// Bounds of what a program writes: an error can hold a whole response.
const (
	maxLine   = 1000 // bytes
	maxErrors = 100  // of one exit
	maxStacks = 4    // of what was abandoned
)

// complain writes what went wrong: the report if a drop did, of a panic the stack,
// and each error once, with the stack of what was abandoned.
func (p *program) complain(err error) {
	if p.report != nil && dropFailed(p.report) {
		p.writeReport(withoutErrors(p.report))
	}
	if p.panicked != nil {
		p.write("panic", fault.Text(p.panicked), string(p.panicked.Stack))
	}
	errs := fault.List(err)
	for _, err := range errs[:min(len(errs), maxErrors)] {
		p.write("error", fault.Text(err), "")
	}
	if more := len(errs) - maxErrors; more > 0 {
		p.write("error", fmt.Sprintf("and %d more errors", more), "")
	}
	stacks := 0
	for err := range fault.Tree(err) {
		if a, ok := err.(*AbandonedError); ok && a.Stack != "" && stacks < maxStacks {
			p.write("abandoned", fmt.Sprintf("stack of %q:", a.Name), a.Stack)
			stacks++
		}
	}
}

// write writes text, and the stack if there is one.
func (p *program) write(kind, text, stack string) {
	if p.log == nil {
		p.line(text)
		if stack != "" {
			p.stack(stack)
		}
		return
	}
	attrs := []slog.Attr{slog.String(kind, bounded(text))}
	if stack != "" {
		attrs = append(attrs, slog.String("stack", stack))
	}
	p.record(attrs...)
}

// writeReport writes the report as text.
func (p *program) writeReport(r *trace.Report) {
	if p.log == nil {
		_ = r.WriteText(p.stderr)
		return
	}
	var text strings.Builder
	_ = r.WriteText(&text)
	p.record(slog.String("report", text.String()))
}

// record writes a line of the log.
func (p *program) record(attrs ...slog.Attr) { logLast(p.log, p.name+" has failed", attrs) }

// dropFailed reports whether a drop of the exit was not ok.
func dropFailed(r *trace.Report) bool {
	for _, e := range r.Entries {
		if outcome.Parse(e.Outcome) != outcome.OK {
			return true
		}
	}
	return false
}

// withoutErrors returns r without the errors, which follow it.
func withoutErrors(r *trace.Report) *trace.Report {
	c := *r
	if strings.Contains(c.Error, c.Cause) {
		c.Cause = "" // it is one of them
	}
	c.Error, c.Entries = "", slices.Clone(r.Entries)
	for k := range c.Entries {
		c.Entries[k].Err = nil
	}
	return &c
}

// line writes text under the program's name; further lines of it are indented.
func (p *program) line(text string) {
	for k, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if k == 0 {
			line = p.name + ": " + line
		} else {
			line = "\t" + line
		}
		_, _ = fmt.Fprintln(p.stderr, bounded(line))
	}
}

func (p *program) stack(text string) {
	_, _ = fmt.Fprintf(p.stderr, "\n%s\n\n", strings.TrimSpace(text))
}

// bounded returns line as valid UTF-8 of at most maxLine bytes.
func bounded(line string) string {
	line = strings.ToValidUTF8(line, "\uFFFD")
	if len(line) <= maxLine {
		return line
	}
	cut := maxLine
	for !utf8.RuneStart(line[cut]) {
		cut--
	}
	return fmt.Sprintf("%s... and %d bytes more", line[:cut], len(line)-cut)
}
