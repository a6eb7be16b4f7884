package trace

import (
	"fmt"
	"strings"

	"github.com/ebb-go/ebb/internal/term"
)

// waveTable writes what each wave was allowed and used; the waves beyond the first
// two dozen are counted.
func (s svgWriter) waveTable(r *Report) {
	const most = 24
	s.f(`<div class="tables"><h2>Waves</h2><table>` + "\n" +
		`<thead><tr><th class="number">wave</th><th class="number">drops</th><th class="number">began after</th><th class="number">took</th>`)
	if r.Grace > 0 {
		s.f(`<th class="number">share of the grace</th><th class="number">used</th>`)
	}
	s.f("</tr></thead>\n<tbody>\n")
	waves := r.budget()
	for i, w := range waves {
		if i == most && len(waves) > most+1 {
			s.f(`<tr><td colspan="6" class="soft">+ %s more</td></tr>`+"\n", term.Plural(len(waves)-most, "wave"))
			break
		}
		s.f(`<tr><td class="number">%d</td><td class="number">%s</td><td class="number">%s</td><td class="number">%s</td>`,
			w.Index, term.Thousands(w.Size), term.Short(between(r.Started, w.Started)), term.Short(w.Spent))
		if r.Grace > 0 {
			s.f(`<td class="number">%s</td><td class="number">%s</td>`, term.Short(w.Share), text(percent(w.Spent, w.Share)))
		}
		s.f("</tr>\n")
	}
	s.f("</tbody>\n</table></div>\n")
}

// dropTable writes a line for each row of the report, with a rule above the first of
// each wave.
func (s svgWriter) dropTable(r *Report) {
	s.f(`<div class="tables"><h2>Drops</h2><table class="drops">` + "\n<thead><tr>")
	s.f(`<th class="number">wave</th><th>guard</th><th>kind</th><th>outcome</th><th class="number" title="from the end of its last dependent to the begin of its drop">waited</th><th class="number">took</th>` +
		`<th class="number" title="how much longer it could have taken without lengthening the teardown">slack</th><th title="the dependent that ended last">released by</th><th>depends on</th></tr></thead>` + "\n<tbody>\n")
	for i, rows := 0, r.rows(pageRows, pageFolded); i < len(rows); i++ {
		class := ""
		if i > 0 && rows[i].wave != rows[i-1].wave {
			class = "wave"
		}
		if rows[i].entry == nil {
			s.f(`<tr class="%s"><td class="number">%s</td><td class="soft" colspan="8">%s: %s</td></tr>`+"\n",
				class, text(rows[i].waveLabel()), text(rows[i].label()), text(rows[i].summary()))
			continue
		}
		s.dropRow(rows[i], class)
	}
	s.f("</tbody>\n</table></div>\n")
}

// dropRow writes the line of an entry and, where it has an error, a second line for
// the text of that, which is too long for a column.
func (s svgWriter) dropRow(w row, class string) {
	e := w.entry
	why := term.Error(e.Err)
	if why != "" {
		class += " with"
	}
	name := bdi(e.Name)
	if w.critical {
		name = `<span class="path" title="on the critical path">◆ ` + name + `</span>`
	}
	if e.Type != "" {
		name += ` <span class="soft">` + text(term.Clean(e.Type)) + `</span>`
	}
	waited, took, slack := dot(e.waited()), term.Short(e.Took()), dot(e.Slack)
	if e.skipped() {
		waited, took, slack = "", "", ""
	}
	s.f(`<tr class="%s"><td class="number">%d</td><td class="name">%s</td><td>%s</td><td><span class="%s">%s</span></td>`,
		class, e.Wave, name, text(orDash(term.Clean(e.Kind))), outcomeClass(e.Outcome), text(orDash(term.Clean(e.Outcome))))
	s.f(`<td class="number">%s</td><td class="number">%s</td><td class="number">%s</td><td class="mono">%s</td><td class="deps mono">%s</td></tr>`+"\n",
		waited, took, slack, released(e), dependencies(e))
	if why != "" {
		s.f(`<tr><td></td><td class="why %s" colspan="8">%s</td></tr>`+"\n", outcomeClass(e.Outcome), multiline(why))
	}
}

// outcomeClass is the outcome if it is a word of ours.
func outcomeClass(outcome string) string {
	if failed(outcome) {
		return outcome
	}
	return "soft"
}

// bdi isolates a name, as [term.Isolate] does in plain text.
func bdi(name string) string { return "<bdi>" + text(term.Clean(name)) + "</bdi>" }

// released names the dependent that ended last; it is empty in wave 0.
func released(e *Entry) string {
	if e.ReleasedBy == "" {
		return ""
	}
	return bdi(e.ReleasedBy)
}

// dependencies lists the first twelve, and counts the rest.
func dependencies(e *Entry) string {
	const most = 12
	var b strings.Builder
	for i, name := range e.DependsOn {
		if i == most && len(e.DependsOn) > most+1 {
			fmt.Fprintf(&b, ` <span class="soft">and %s more</span>`, term.Thousands(len(e.DependsOn)-most))
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(bdi(name))
	}
	return b.String()
}
