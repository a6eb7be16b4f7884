package trace

import (
	"io"

	"github.com/ebb-go/ebb/internal/term"
)

// writePage writes the page of a teardown that is kept: the page of
// [Report.WriteHTML], with the way back to the live page and to the other
// formats, and with its style in a file, as the policy asks for.
func (r *Report) writePage(w io.Writer, id uint64) error {
	s := newSVG(w)
	s.f(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>teardown of %s</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="?file=report-style">
</head>
<body>
<nav aria-label="inspector"><a href="?">← all scopes</a>`, text(term.Clean(r.Scope)))
	for _, f := range formats() {
		if f.name != "html" {
			s.f(` <a href="?report=%d&amp;format=%s">%s</a>`, id, f.name, f.name)
		}
	}
	s.f("</nav>\n<main>\n<h1>Teardown of %s</h1>\n", bdi(r.Scope))
	s.facts(r)
	if r.Error != "" {
		s.f(`<p class="problem">%s</p>`+"\n", multiline(r.Error))
	}
	s.drain(r)
	if len(r.Entries) > 0 {
		s.figures(r)
		s.waveTable(r)
		s.dropTable(r)
	}
	s.f("</main>\n</body>\n</html>\n")
	return s.Flush()
}

// reportNavCSS is what the page of a teardown has beside the style of a page that
// stands alone.
const reportNavCSS = `nav{display:flex;gap:18px;margin:0 0 18px;font-size:14px}
nav a:first-child{margin-right:auto}
nav a{color:var(--path)}
nav a:focus-visible{outline:2px solid var(--path);outline-offset:2px}
`
