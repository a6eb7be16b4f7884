package trace_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

// The page has every tag closed that HTML wants closed, in the right order, and
// only elements that cannot load anything.
func TestHTMLIsWellFormedAndSelfContained(t *testing.T) {
	allowed := make(map[string]bool)
	for _, name := range strings.Fields(`html head meta title style body main h1 h2 p dl div dt dd figure table thead tbody tr th td bdi span
		svg rect g path text`) {
		allowed[name] = true
	}
	for name, r := range samples() {
		page := formatOf("html").render(t, r)
		d := xml.NewDecoder(strings.NewReader(page))
		d.Strict = false
		var open []string
		for {
			token, err := d.RawToken() // Token would close what is left open
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			switch token := token.(type) {
			case xml.StartElement:
				if !allowed[token.Name.Local] {
					t.Errorf("%s: element %s", name, token.Name.Local)
				}
				for _, a := range token.Attr {
					if outside.MatchString(a.Name.Local + "=") {
						t.Errorf("%s: attribute %s=%q", name, a.Name.Local, a.Value)
					}
				}
				if token.Name.Local != "meta" {
					open = append(open, token.Name.Local)
				}
			case xml.EndElement:
				if len(open) == 0 || open[len(open)-1] != token.Name.Local {
					t.Fatalf("%s: </%s> closes %v", name, token.Name.Local, open)
				}
				open = open[:len(open)-1]
			}
		}
		if len(open) > 0 {
			t.Errorf("%s: not closed: %v", name, open)
		}
		if !strings.Contains(page, `content="default-src 'none'; style-src 'unsafe-inline'"`) {
			t.Errorf("%s: no policy", name)
		}
		if n := len(page); n > 400_000 {
			t.Errorf("%s: %d bytes", name, n)
		}
	}
}

// Names stand in the page as text, each isolated from the direction of others.
func TestHTMLIsolatesNames(t *testing.T) {
	page := formatOf("html").render(t, hostile())
	for _, want := range []string{
		"<bdi>שלום עולם</bdi>", "<bdi>قاعدة البيانات</bdi>", "<bdi>数据库连接池</bdi>",
		"<bdi>&lt;/svg&gt;&lt;script&gt;alert(1)&lt;/script&gt;</bdi>", `<bdi>evil\u202egnp.exe</bdi>`, `<bdi>&#34;&#34;</bdi>`,
		`<bdi>evil\u202e/&lt;i&gt;&#34;scope&#34;&lt;/i&gt;</bdi>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestHTMLTellsEverything(t *testing.T) {
	page := formatOf("html").render(t, everyOutcome())
	for _, want := range []string{
		"<dt>in all</dt><dd>4.35s</dd>", "<dt>of the grace of 5s</dt><dd>87%</dd>", "<dt>not ok</dt><dd>6</dd>", "<dt>one by one</dt><dd>5.15s</dd>",
		"disk quota exceeded", "held back by", `<span class="abandoned">abandoned</span>`, "*redis.Client", "share of the grace",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(formatOf("html").render(t, empty()), "<svg") {
		t.Error("a scope without guards has a picture")
	}
}

// At 10,000 guards all that went wrong is in the table by name.
func TestHTMLOfManyGuards(t *testing.T) {
	page := formatOf("html").render(t, big(10_000))
	for _, name := range []string{"conn-01999", "conn-04502", "conn-07005", "conn-09508"} {
		if !strings.Contains(page, `<bdi>`+name+`</bdi>`) {
			t.Errorf("%s failed and is not in the table", name)
		}
	}
	if rows := strings.Count(page, "<tr"); rows > 300 {
		t.Errorf("%d rows", rows)
	}
}
