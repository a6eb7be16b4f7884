//go:build e2e

package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/trace"
)

// tree is a trace, put together from the spans that Jaeger told of.
type tree struct {
	root     *span
	spans    map[string]*span
	children map[*span][]*span // in order of their start
}

// grow puts spans together, which must be all of one trace: it has one root,
// and each other span's parent. A page shows a trace without its root as
// <trace-without-root-span>.
func grow(t *testing.T, spans []*span) *tree {
	t.Helper()
	tr := &tree{spans: map[string]*span{}, children: map[*span][]*span{}}
	for _, s := range spans {
		if tr.spans[s.ID] != nil {
			t.Fatalf("%s: it is there twice", s.Name)
		}
		tr.spans[s.ID] = s
	}
	for _, s := range spans {
		switch parent := tr.spans[s.Parent]; {
		case s.Parent == "" && tr.root == nil:
			tr.root = s
		case s.Parent == "":
			t.Fatalf("two roots: %q and %q", tr.root.Name, s.Name)
		case parent == nil:
			t.Fatalf("%s: its parent %s did not arrive", s.Name, s.Parent)
		default:
			tr.children[parent] = append(tr.children[parent], s)
		}
	}
	if tr.root == nil {
		t.Fatalf("no root among %d spans", len(spans))
	}
	for _, c := range tr.children {
		slices.SortFunc(c, func(a, b *span) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Name, b.Name)) })
	}
	return tr
}

// named returns the span of that path of names, each a child of the one before,
// beginning with the root.
func (tr *tree) named(t *testing.T, names ...string) *span {
	t.Helper()
	at := tr.root
	if at.Name != names[0] {
		t.Fatalf("the root is %q, want %q", at.Name, names[0])
	}
	for _, name := range names[1:] {
		i := slices.IndexFunc(tr.children[at], func(s *span) bool { return s.Name == name })
		if i < 0 {
			t.Fatalf("%q has no child %q, but %v", at.Name, name, namesOf(tr.children[at]))
		}
		at = tr.children[at][i]
	}
	return at
}

func namesOf(spans []*span) (names []string) {
	for _, s := range spans {
		names = append(names, s.Name)
	}
	return names
}

// kind is the first word of a span's name, rest the others.
func (s *span) kind() string { kind, _, _ := strings.Cut(s.Name, " "); return kind }
func (s *span) rest() string { _, rest, _ := strings.Cut(s.Name, " "); return rest }

func (s *span) text(key string) string   { v, _ := s.Attributes[key].(string); return v }
func (s *span) number(key string) int64  { v, _ := s.Attributes[key].(int64); return v }
func (s *span) list(key string) []string { v, _ := s.Attributes[key].([]string); return v }

// The attributes that a span of each kind has, with their types; those in
// brackets it may have.
var attributesOf = map[string]string{
	"scope":   "ebb.scope.exit=string ebb.scope.path=string ebb.scope.schedule=string [error.type=string]",
	"acquire": "ebb.guard.name=string ebb.guard.type=string ebb.scope.path=string [error.type=string]",
	"teardown": "ebb.critical_path=[]string ebb.guards=int64 ebb.scope.path=string ebb.waves=int64 [ebb.cause=string] [ebb.drain.abandoned=int64] " +
		"[ebb.drain.canceled=int64] [ebb.drain.items=[]string] [ebb.drain.refused=int64] [ebb.drain.tasks=int64] [ebb.drain_ms=int64] " +
		"[ebb.grace_ms=int64] [error.type=string]",
	"wave": "ebb.wave.collapsed=int64 ebb.wave.index=int64 ebb.wave.size=int64",
	"drop": "ebb.drop.outcome=string ebb.drop.queued_ms=int64 ebb.guard.depends_on=[]string ebb.guard.name=string " +
		"ebb.guard.type=string ebb.scope.path=string ebb.wave.index=int64 [ebb.guard.released_by=string] [error.type=string]",
}

// parentOf says what a span of each kind hangs on.
var parentOf = map[string]string{"acquire": "scope", "teardown": "scope", "wave": "teardown", "drop": "wave"}

// check checks what holds for every trace of scopes with the schedule waves.
func (tr *tree) check(t *testing.T) {
	t.Helper()
	for _, s := range tr.spans {
		tr.checkSpan(t, s)
		if s.kind() == "teardown" {
			tr.checkTeardown(t, s)
		}
	}
}

// checkSpan checks a span by itself and with its parent.
func (tr *tree) checkSpan(t *testing.T, s *span) {
	t.Helper()
	if s.Scope != trace.ScopeName {
		t.Errorf("%s: recorded by %q", s.Name, s.Scope)
	}
	if len(s.Events) > 0 {
		t.Errorf("%s: has %d events", s.Name, len(s.Events))
	}
	want, ok := attributesOf[s.kind()]
	if !ok {
		t.Fatalf("a span %q", s.Name)
	}
	may := strings.NewReplacer("[error", "error", "[ebb", "ebb", "string]", "string", "int64]", "int64").Replace(want)
	for key, v := range s.Attributes {
		if entry := fmt.Sprintf("%s=%T", key, v); !slices.Contains(strings.Fields(may), entry) {
			t.Errorf("%s: has %s, want %s", s.Name, entry, want)
		}
	}
	for _, entry := range strings.Fields(want) {
		if key, _, _ := strings.Cut(entry, "="); key[0] != '[' && s.Attributes[key] == nil {
			t.Errorf("%s: no %s", s.Name, key)
		}
	}

	failed := s.Status.Code == 2
	if s.Status.Code == 1 || failed == (s.Status.Message == "") || failed == (s.text("error.type") == "") {
		t.Errorf("%s: status %d %q, error.type %q", s.Name, s.Status.Code, s.Status.Message, s.text("error.type"))
	}
	if s.kind() == "drop" && failed == (s.text("ebb.drop.outcome") == "ok") {
		t.Errorf("%s: status %d, outcome %s", s.Name, s.Status.Code, s.text("ebb.drop.outcome"))
	}
	if s.kind() == "wave" && failed {
		t.Errorf("%s: is marked", s.Name)
	}

	if s.Start > s.End {
		t.Errorf("%s: ends before it starts", s.Name)
	}
	if parent := tr.spans[s.Parent]; parent != nil {
		if want := parentOf[s.kind()]; want != "" && parent.kind() != want {
			t.Errorf("%s: its parent is %q", s.Name, parent.Name)
		}
		if s.Start < parent.Start || s.End > parent.End {
			t.Errorf("%s: reaches out of %s, %d ns before and %d ns behind",
				s.Name, parent.Name, max(0, parent.Start-s.Start), max(0, s.End-parent.End))
		}
	}
}

// checkTeardown checks the waves of a teardown and the order of its drops.
func (tr *tree) checkTeardown(t *testing.T, teardown *span) {
	t.Helper()
	path := teardown.text("ebb.scope.path")
	if want := tr.spans[teardown.Parent].text("ebb.scope.path"); path != want {
		t.Errorf("%s: path %q below %q", teardown.Name, path, want)
	}
	drops := map[string]*span{}
	var prior *span
	var guards int64
	var critical []string
	for i, w := range tr.children[teardown] {
		name := fmt.Sprintf("%s, %s", path, w.Name)
		if w.Name != fmt.Sprint("wave ", i) || w.number("ebb.wave.index") != int64(i) {
			t.Errorf("%s: is number %d, with index %d", name, i, w.number("ebb.wave.index"))
		}
		if prior != nil && w.Start < prior.End+1000 {
			t.Errorf("%s: begins %d ns after the end of the one before, want a microsecond", name, w.Start-prior.End)
		}
		prior = w
		size := w.number("ebb.wave.size")
		if n := int64(len(tr.children[w])) + w.number("ebb.wave.collapsed"); size != n {
			t.Errorf("%s: its size is %d, but %d are in it", name, size, n)
		}
		guards += size
		last := tr.children[w][0]
		for _, d := range tr.children[w] {
			guard := d.text("ebb.guard.name")
			drops[guard] = d
			if d.text("ebb.scope.path") != path || d.number("ebb.wave.index") != int64(i) || d.rest() != guard {
				t.Errorf("%s: %s has path %q, wave %d, guard %q", name, d.Name, d.text("ebb.scope.path"), d.number("ebb.wave.index"), guard)
			}
			if d.End > last.End {
				last = d
			}
		}
		critical = append(critical, last.text("ebb.guard.name"))
	}
	if guards != teardown.number("ebb.guards") || int64(len(critical)) != teardown.number("ebb.waves") {
		t.Errorf("%s: ebb.guards %d, ebb.waves %d, but %d drops in %d waves", path,
			teardown.number("ebb.guards"), teardown.number("ebb.waves"), guards, len(critical))
	}
	if got := teardown.list("ebb.critical_path"); !slices.Equal(got, critical) {
		t.Errorf("%s: critical path %v, want the last of each wave, %v", path, got, critical)
	}
	checkOrder(t, path, drops)

	failed := slices.ContainsFunc(slices.Collect(maps.Values(drops)), func(d *span) bool { return d.Status.Code == 2 })
	if failed != (teardown.Status.Code == 2) {
		t.Errorf("%s: status %d, a drop failed: %v", teardown.Name, teardown.Status.Code, failed)
	}
}

// checkOrder checks that each guard was dropped after its dependents, and names
// the last of them.
func checkOrder(t *testing.T, path string, drops map[string]*span) {
	t.Helper()
	dependents := map[string][]*span{}
	for name, d := range drops {
		for _, on := range d.list("ebb.guard.depends_on") {
			dependents[on] = append(dependents[on], d)
			switch dependency := drops[on]; {
			case dependency == nil:
				t.Errorf("%s: %s depends on %s, of which there is no span", path, name, on)
			case dependency.Start <= d.End || dependency.number("ebb.wave.index") <= d.number("ebb.wave.index"):
				t.Errorf("%s: %s depends on %s, which was dropped before that had ended", path, name, on)
			}
		}
	}
	for name, d := range drops {
		wave, by := d.number("ebb.wave.index"), d.text("ebb.guard.released_by")
		if (wave == 0) != (len(dependents[name]) == 0) {
			t.Errorf("%s: %s has %d dependents, and is in wave %d", path, name, len(dependents[name]), wave)
		}
		if wave == 0 {
			if by != "" {
				t.Errorf("%s: %s is in wave 0, and was released by %s", path, name, by)
			}
			continue
		}
		last := slices.MaxFunc(dependents[name], func(a, b *span) int { return cmp.Compare(a.End, b.End) })
		if by != last.text("ebb.guard.name") {
			t.Errorf("%s: %s was released by %q, but %s ended last", path, name, by, last.text("ebb.guard.name"))
		}
		if queued := (d.Start - last.End) / 1e6; d.number("ebb.drop.queued_ms") > queued+1 || d.number("ebb.drop.queued_ms") < queued-1 {
			t.Errorf("%s: %s waited for %d ms, but has %d", path, name, queued, d.number("ebb.drop.queued_ms"))
		}
	}
}
