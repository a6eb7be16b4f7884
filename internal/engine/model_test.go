package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
)

// A model is a random graph beside what is known of it by simpler means: all
// edges, the implied ones too, are written down.
type model struct {
	graph   engine.Graph
	nodes   []*engine.Node
	deps    []map[int]bool // by registration; what it depends on directly
	user    []bool
	random  *rand.Rand
	mu      sync.Mutex
	running int
	most    int   // that ran at a time
	order   []int // in which drops began
	ended   []bool
	calls   []int
	broken  []string // promises
	fate    []int    // what the drop does
	index   map[*engine.Node]int
}

const (
	returns = iota
	fails
	panics
	exits
)

var errDrop = errors.New("drop failed")

// Drop is what node i does.
func (m *model) drop(i int) func(context.Context) error {
	return func(context.Context) error {
		m.begin(i)
		defer m.end(i)
		switch m.fate[i] {
		case fails:
			return errDrop
		case panics:
			panic(fmt.Sprint("drop of ", i))
		case exits:
			runtime.Goexit()
		}
		return nil
	}
}

func (m *model) begin(i int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls[i]++
	m.order = append(m.order, i)
	m.running++
	m.most = max(m.most, m.running)
	for j := range m.deps {
		if m.deps[j][i] && !m.ended[j] {
			m.broken = append(m.broken, fmt.Sprintf("drop of %d began before its dependent %d had ended", i, j))
		}
	}
}

func (m *model) end(i int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running--
	m.ended[i] = true
}

// newModel makes a graph of up to size nodes from a seed. A tenth of its edges
// are late: from an older node to a newer one.
func newModel(t testing.TB, seed uint64, size int) *model {
	t.Helper()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	n := 1 + r.IntN(size)
	m := &model{
		nodes: make([]*engine.Node, n), deps: make([]map[int]bool, n), user: make([]bool, n), random: r,
		ended: make([]bool, n), calls: make([]int, n), fate: make([]int, n), index: make(map[*engine.Node]int),
	}
	implied := r.IntN(2) == 0
	for i := range n {
		m.deps[i] = make(map[int]bool)
		m.fate[i] = max(0, r.IntN(8)-4)
		spec := engine.Spec{Name: fmt.Sprint(i), Dropper: dropper(m.drop(i))}
		for range min(i, r.IntN(4)) {
			d := r.IntN(i)
			spec.Deps = append(spec.Deps, m.nodes[d])
			m.deps[i][d] = true
		}
		if implied {
			spec.User, spec.All = r.IntN(4) == 0, r.IntN(8) == 0
		}
		m.user[i] = spec.User
		if spec.All {
			for d := range i {
				if !m.user[d] {
					m.deps[i][d] = true
				}
			}
		}
		m.nodes[i] = new(engine.Node)
		if err := m.graph.Insert(m.nodes[i], spec); err != nil {
			t.Fatal(err)
		}
		m.index[m.nodes[i]] = i
	}
	for range r.IntN(n) {
		m.depend(t, r.IntN(n), r.IntN(n))
	}
	return m
}

// depend adds an edge, unless the model says that it closes a cycle; the graph
// has to find the same.
func (m *model) depend(t testing.TB, from, to int) {
	t.Helper()
	err := m.graph.Depend(m.nodes[from], m.nodes[to])
	var cycle *engine.CycleError
	if closes := m.reaches(to, from); closes != errors.As(err, &cycle) {
		t.Fatalf("edge %d -> %d: got %v, want a cycle: %v", from, to, err, closes)
	}
	if cycle == nil {
		m.deps[from][to] = true
		return
	}
	for i := range len(cycle.Path) - 1 {
		var a, b int
		fmt.Sscan(cycle.Path[i], &a)
		fmt.Sscan(cycle.Path[i+1], &b)
		if !m.deps[a][b] && !(a == from && b == to) {
			t.Fatalf("edge %d -> %d: path %v has no edge %d -> %d", from, to, cycle.Path, a, b)
		}
	}
	if first, last := cycle.Path[0], cycle.Path[len(cycle.Path)-1]; first != last || first != fmt.Sprint(from) {
		t.Fatalf("edge %d -> %d: path %v is not closed", from, to, cycle.Path)
	}
}

func (m *model) reaches(from, to int) bool {
	seen := make(map[int]bool)
	var visit func(int) bool
	visit = func(i int) bool {
		if i == to {
			return true
		}
		if seen[i] {
			return false
		}
		seen[i] = true
		for d := range m.deps[i] {
			if visit(d) {
				return true
			}
		}
		return false
	}
	return visit(from)
}

// waves returns the length of the longest path to each node.
func (m *model) waves() []int {
	waves := make([]int, len(m.deps))
	for changed := true; changed; {
		changed = false
		for i := range m.deps {
			for d := range m.deps[i] {
				if waves[d] < waves[i]+1 {
					waves[d], changed = waves[i]+1, true
				}
			}
		}
	}
	return waves
}

type dropper func(context.Context) error

func (d dropper) Drop(ctx context.Context) error { return d(ctx) }

func nothing(context.Context) error { return nil }

// sleeps is a drop that takes d of virtual time and minds no context.
func sleeps(d time.Duration) func(context.Context) error {
	return func(context.Context) error {
		time.Sleep(d)
		return nil
	}
}

// add registers a node or fails the test.
func add(t testing.TB, g *engine.Graph, name string, drop func(context.Context) error, deps ...*engine.Node) *engine.Node {
	t.Helper()
	n, err := g.Add(name, drop, deps...)
	if err != nil {
		t.Fatalf("Add(%q): %v", name, err)
	}
	return n
}

func insert(t testing.TB, g *engine.Graph, s engine.Spec) *engine.Node {
	t.Helper()
	n := new(engine.Node)
	if err := g.Insert(n, s); err != nil {
		t.Fatalf("Insert(%q): %v", s.Name, err)
	}
	return n
}

// names returns the names of nodes.
func names(nodes []*engine.Node) []string {
	var s []string
	for _, n := range nodes {
		s = append(s, n.Name())
	}
	return s
}

// words returns "name:outcome" for each outcome.
func words(out []engine.Outcome) []string {
	var s []string
	for _, o := range out {
		s = append(s, o.Node.Name()+":"+o.Outcome.String())
	}
	return s
}
