package main

import (
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for name, text := range map[string]string{
		"yaml": "name: x\ngrace: 2s\nlimit: 3\nguards:\n  - {name: api, drop: 10ms..30ms, uses: [db]}\n  - name: db\n    drop: 1.5s\n",
		"json": `{"name": "x", "grace": "2s", "limit": 3, "guards": [
			{"name": "api", "drop": "10ms..30ms", "uses": ["db"]}, {"name": "db", "drop": "1.5s"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Parse(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if s.Name != "x" || time.Duration(s.Grace) != 2*time.Second || s.Limit != 3 || len(s.Guards) != 2 {
				t.Fatalf("%+v", s)
			}
			db, api := s.Guards[0], s.Guards[1] // what is used comes first
			if db.Name != "db" || db.Drop != (Span{1500 * time.Millisecond, 1500 * time.Millisecond}) {
				t.Errorf("%+v", db)
			}
			if api.Name != "api" || api.Drop != (Span{10 * time.Millisecond, 30 * time.Millisecond}) || api.Uses[0] != "db" {
				t.Errorf("%+v", api)
			}
		})
	}
}

// TestParseErrors: a mistake in the file is told, in words that help to find it.
func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "the file is empty"},
		{"name: x", "no guards"},
		{"guards: [{drop: 1s}]", "guard 1 has no name"},
		{"guards: [{name: a}, {name: a}]", `two guards are called "a"`},
		{"guards: [{name: a, uses: [b]}]", `"a" uses "b", which is no guard`},
		{"guards: [{name: a, uses: [a]}]", "dependency cycle: a -> a"},
		{"guards: [{name: z, uses: [a]}, {name: a, uses: [b]}, {name: b, uses: [c]}, {name: c, uses: [a]}]", "dependency cycle: a -> b -> c -> a"},
		{"guards: [{name: a, drop: 5}]", `"5" is no duration such as 40ms`},
		{"guards: [{name: a, drop: -5ms}]", "-5ms is negative"},
		{"guards: [{name: a, drop: 5ms..2ms}]", "5ms..2ms runs backwards"},
		{"guards: [{name: a, drops: 5ms}]", `unknown field "drops"`},
		{"limit: -1\nguards: [{name: a}]", "limit -1 is negative"},
		{"guards: {", "[1:9]"},
	} {
		s, err := Parse(strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %+v, %v, want an error with %q", c.text, s, err, c.want)
		}
	}
}

func TestSample(t *testing.T) {
	s, err := load("")
	if err != nil || len(s.Guards) < 10 {
		t.Errorf("the sample: %+v, %v", s, err)
	}
}
