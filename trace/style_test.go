package trace_test

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/trace"
)

// luminance is WCAG's relative luminance of #rgb or #rrggbb.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	hex = strings.TrimPrefix(hex, "#")
	if len(hex) == 3 {
		hex = strings.Repeat(hex[:1], 2) + strings.Repeat(hex[1:2], 2) + strings.Repeat(hex[2:], 2)
	}
	var l float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		l += weight * c
	}
	return l
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

var fillOf = regexp.MustCompile(`(?m)^(?:\.ebb-pic )?\.?(ebb-[a-z-]+|text)\{(?:[^}]*;)?fill:(#[0-9a-f]+)`)

// fills returns the fill of each class in a theme.
func fills(css string) map[string]string {
	m := make(map[string]string)
	for _, f := range fillOf.FindAllStringSubmatch(css, -1) {
		m[f[1]] = f[2]
	}
	return m
}

// Texts have a contrast of 4.5 to 1 on what they stand on, shapes that carry a
// meaning 3 to 1, in light and in dark (WCAG 2.2, 1.4.3 and 1.4.11). The pale
// bars of what is of no concern are read by their position and the text beside.
func TestContrast(t *testing.T) {
	light, dark, ok := strings.Cut(trace.PictureCSS(), "@media (prefers-color-scheme:dark){")
	if !ok {
		t.Fatal("no dark theme")
	}
	for theme, css := range map[string]string{"light": light, "dark": dark} {
		f := fills(css)
		grounds := map[string]string{"paper": f["ebb-paper"], "band": f["ebb-band"]}
		for ground, color := range grounds {
			for _, text := range []string{"text", "ebb-soft", "ebb-t-error", "ebb-t-late", "ebb-t-gone", "ebb-t-skip"} {
				if c := contrast(t, f[text], color); c < 4.5 {
					t.Errorf("%s: %s on %s: %.2f", theme, text, ground, c)
				}
			}
			for _, shape := range []string{"ebb-path", "ebb-error", "ebb-gone"} {
				if c := contrast(t, f[shape], color); c < 3 {
					t.Errorf("%s: %s on %s: %.2f", theme, shape, ground, c)
				}
			}
		}
		for node, text := range map[string]string{"ebb-node": "text", "ebb-n-error": "ebb-t-error", "ebb-n-late": "ebb-t-late", "ebb-n-gone": "ebb-t-gone"} {
			if c := contrast(t, f[text], f[node]); c < 4.5 {
				t.Errorf("%s: %s on %s: %.2f", theme, text, node, c)
			}
		}
	}
}

// Every class that is used has a rule, and every rule is used.
func TestClassesAndRulesMatch(t *testing.T) {
	class := regexp.MustCompile(`ebb-[a-z-]+`)
	used := make(map[string]bool)
	for _, doc := range pictures(t) {
		_, body, _ := strings.Cut(doc, "</style>")
		for _, attr := range regexp.MustCompile(`class="([^"]*)"`).FindAllStringSubmatch(body, -1) {
			for _, c := range class.FindAllString(attr[1], -1) {
				used[c] = true
			}
		}
	}
	page := formatOf("html").render(t, everyOutcome())
	for _, doc := range []string{page, formatOf("html").render(t, service("waves")), formatOf("html").render(t, big(1_000))} {
		for _, c := range class.FindAllString(doc[strings.Index(doc, "</style>"):], -1) {
			used[c] = true
		}
	}
	css := trace.PictureCSS()
	for c := range used {
		if !strings.Contains(css, "."+c) && c != "ebb-pic" && c != "ebb-row" {
			t.Errorf("no rule for class %s", c)
		}
	}
	for _, c := range class.FindAllString(css, -1) {
		if !used[c] && c != "ebb-limit" && c != "ebb-paper" {
			t.Errorf("class %s has a rule and is not used", c)
		}
	}
}
