package trace

import (
	"fmt"
	"strconv"

	"github.com/ebb-go/ebb/internal/term"
)

// The items of a scope are a table, the ones that its exit waits for first. Equal
// ones are one line already when they come from the scope; here long tables are cut,
// since a page is asked for four times a second while something ends.

// items is the table of what the scope owns. When it is ending, what its exit
// waits for is on top.
func (p *pageWriter) items(items []SnapshotItem, id string, ending bool) {
	if len(items) == 0 {
		return
	}
	waits := ""
	if ending {
		waits = `<th scope="col" class="number">Exit waits</th>`
	}
	p.f(`<div class="scroll"><table class="items"><thead><tr><th scope="col">Name</th><th scope="col">Kind</th><th scope="col">State</th>`+
		`<th scope="col" class="number">Age</th>%s<th scope="col" class="number">Wave</th><th scope="col">Depends on</th></tr></thead><tbody>`+"\n", waits)
	seen := make(map[string]int)
	for n, it := range items {
		if n == mostItems || p.left <= 0 {
			p.f(`<tr><td colspan="7" class="soft">+ %s more</td></tr>`+"\n", term.Thousands(len(items)-n))
			break
		}
		key := strconv.Quote(it.Kind) + it.Name
		seen[key]++
		p.left--
		p.item(it, p.id(id, "i", key, seen[key]), ending)
	}
	p.f("</tbody></table></div>\n")
}

// item writes a line of the table. State and wait are words as well as colours.
func (p *pageWriter) item(it SnapshotItem, id string, ending bool) {
	class, waited, wave := "", "", ""
	if it.Waited > 0 {
		class, waited = ` class="awaited"`, term.Short(it.Waited)
	}
	if it.placed() {
		wave = fmt.Sprint(it.Wave)
	}
	p.f(`<tr id="%s"%s><th scope="row">%s</th><td>%s</td><td><span class="dot %s"></span>%s</td><td class="number">%s</td>`,
		id, class, it.markup(), text(orDash(term.Clean(it.Kind))), dotClass(it.State), text(orDash(term.Clean(it.State))), it.age())
	if ending {
		p.f(`<td class="number">%s</td>`, waited)
	}
	p.f(`<td class="number">%s</td><td>%s</td></tr>`+"\n", wave, dependencies(&Entry{DependsOn: it.DependsOn}))
}

// markup is the name, with how many there are.
func (it SnapshotItem) markup() string {
	if it.count() == 1 {
		return bdi(it.Name)
	}
	return text(term.Thousands(it.Count)+" x ") + bdi(it.Name)
}

// age is how old the item is, or the oldest of several.
func (it SnapshotItem) age() string {
	if it.count() > 1 {
		return "oldest " + term.Short(it.Age)
	}
	return term.Short(it.Age)
}

// dotClass is the colour of the dot before a state; a state that is not known has
// the colour of one that lives.
func dotClass(state string) string {
	switch state {
	case "dropping":
		return "is-dropping"
	case "abandoned":
		return "is-abandoned"
	}
	return "is-open"
}
