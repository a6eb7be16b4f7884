package group_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ebb-go/ebb/group"
)

var errDrop = errors.New("drop failed")

func nothing(context.Context) error { return nil }

// sleeps is a drop that takes d of virtual time and minds no context.
func sleeps(d time.Duration) func(context.Context) error {
	return func(context.Context) error {
		time.Sleep(d)
		return nil
	}
}

// add registers a node or fails the test.
func add(t testing.TB, g *group.Graph, name string, drop func(context.Context) error, deps ...*group.Node) *group.Node {
	t.Helper()
	n, err := g.Add(name, drop, deps...)
	if err != nil {
		t.Fatalf("Add(%q): %v", name, err)
	}
	return n
}

func words(out []group.Outcome) string {
	var text []string
	for _, o := range out {
		text = append(text, o.Node.Name()+":"+o.Outcome)
	}
	return strings.Join(text, " ")
}
