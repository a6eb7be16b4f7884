package trace

import "github.com/ebb-go/ebb/internal/term"

// drain writes why the scope ended, and the table of what it waited for before
// the first wave.
func (s svgWriter) drain(r *Report) {
	if r.Cause != "" {
		s.f(`<p class="cause"><span class="soft">cause</span> %s</p>`+"\n", multiline(r.Cause))
	}
	if len(r.Drain.Items) == 0 {
		return
	}
	s.f(`<div class="tables"><h2>Draining</h2><table>` + "\n<thead><tr><th>name</th><th>kind</th>")
	for _, head := range []string{"ended", "canceled", "abandoned", "refused"} {
		s.f(`<th class="number">%s</th>`, head)
	}
	s.f("</tr></thead>\n<tbody>\n")
	items, more := r.Drain.listed()
	for _, it := range items {
		s.f(`<tr><td class="name">%s</td><td>%s</td>`, bdi(it.Name), text(orDash(term.Clean(it.Kind))))
		for k, n := range []int{it.Ended, it.Canceled, it.Abandoned, it.Refused} {
			class, figure := "", "·"
			if n > 0 {
				figure = term.Thousands(n)
			}
			if n > 0 && k >= 2 {
				class = " " + "abandoned"
			}
			s.f(`<td class="number%s">%s</td>`, class, figure)
		}
		s.f("</tr>\n")
	}
	if more > 0 {
		s.f(`<tr><td colspan="6" class="soft">+ %s more</td></tr>`+"\n", term.Thousands(more))
	}
	s.f("</tbody>\n</table></div>\n")
}
