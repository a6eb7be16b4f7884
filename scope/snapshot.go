package scope

import (
	"slices"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/trace"
)

// Snapshot returns the tasks, daemons, children and guards that live now, with
// state and age, what is being opened, and for an exit that has begun how long it
// has been waiting for each. Tasks of one name and state are one item with a count.
// A child is a node, which is its place in the teardown, and its inside is one of
// the Children, as is that of a nested Run. It may be called from any goroutine,
// also after the scope has closed.
func (s *Scope) Snapshot() trace.Snapshot { return s.snapshot(s.Path(), time.Now()) }

// snapshot is Snapshot of the scope at path: to look for that in every scope of
// many that are nested would cost the square of the depth.
func (s *Scope) snapshot(path string, now time.Time) trace.Snapshot {
	shot := trace.Snapshot{Name: s.Name(), Path: path, Schedule: s.schedule.String(), Grace: s.grace}
	cause := fault.Text(s.cause()) // which may be anybody's code
	s.mu.Lock()
	shot.State = s.state.String()
	if s.config != nil && !s.config.since.IsZero() {
		shot.Since = now.Sub(s.config.since)
	}
	if s.state != closed {
		shot.Error = cause
	}
	if s.grace > 0 && !s.clock().graceFrom.IsZero() {
		shot.Left = max(0, s.clock().graceFrom.Add(s.grace).Sub(now))
	}
	shot.Items = s.taskItemsLocked(now)
	opening, lazies := s.openingItemsLocked()
	shot.Items = append(shot.Items, opening...)
	var below []*Scope
	for c := s.nested; c != nil; c = c.next {
		below = append(below, c)
	}
	s.mu.Unlock()
	slices.Reverse(below) // the list has the newest first

	running := s.graph.Running()
	names := s.graph.DependencyNames()
	for _, n := range s.graph.Nodes() {
		of := nodeOf(n)
		item, ok := s.snapshotItem(of, lazies[of])
		if !ok {
			continue
		}
		if since, ok := running[n]; ok {
			item.Waited = now.Sub(since)
		}
		item.DependsOn = names(n)
		shot.Items = append(shot.Items, item)
		switch r := of.resource.(type) {
		case *Scope:
			below = append(below, r)
		case interface {
			valueItems(now time.Time) []trace.SnapshotItem
		}:
			shot.Items = append(shot.Items, r.valueItems(now)...)
		}
	}
	for _, c := range below {
		shot.Children = append(shot.Children, c.snapshot(path+"/"+c.Name(), now))
	}
	return shot
}

// taskItemsLocked returns the running tasks, the oldest first; those of one name and
// state are one item.
func (s *Scope) taskItemsLocked(now time.Time) (items []trace.SnapshotItem) {
	type kind struct {
		name      string
		abandoned bool
	}
	at := make(map[kind]int)
	for t := s.tasks; t != nil; t = t.next { // the newest first, so the last of a kind is its oldest
		k := kind{t.name, t.abandoned}
		pos, ok := at[k]
		if !ok {
			pos = len(items)
			at[k] = pos
			items = append(items, trace.SnapshotItem{Kind: "task", Name: t.name, State: "running"})
			if t.abandoned {
				items[pos].State = "abandoned"
			} else if s.state == draining {
				items[pos].Waited = s.drainingForLocked(now)
			}
		}
		items[pos].Age = s.sinceLocked(t.started)
		items[pos].Count++
	}
	slices.SortStableFunc(items, func(a, b trace.SnapshotItem) int { return int(b.Age - a.Age) })
	return items
}

// drainingForLocked returns how long the scope has been draining, as far as it is
// known: of scopes with a limit, and of those that an inspector shows.
func (s *Scope) drainingForLocked(now time.Time) time.Duration {
	switch {
	case s.clock() != nil:
		return now.Sub(s.clock().left)
	case s.inspector() != nil:
		return now.Sub(s.config.since)
	}
	return 0
}

// snapshotItem returns what the snapshot has of n, if it is not gone.
func (s *Scope) snapshotItem(n *node, opening bool) (trace.SnapshotItem, bool) {
	item := trace.SnapshotItem{Kind: n.resource.kind(), Name: n.name(), Wave: n.vertex.Wave()}
	s.mu.Lock()
	defer s.mu.Unlock()
	item.Age = s.sinceLocked(n.born)
	switch state := n.is(); {
	case state == live && opening:
		item.State = "opening"
	case state == live:
		item.State = "live"
	case state == ending:
		item.State = "dropping"
	default:
		return item, false
	}
	return item, true
}

// Plan returns the waves in which the scope would drop what it holds now.
func (s *Scope) Plan() trace.Plan {
	var p trace.Plan
	names := s.graph.DependencyNames()
	for k, wave := range s.graph.Waves() {
		nodes := make([]trace.PlanNode, 0, len(wave))
		for _, n := range wave {
			node := trace.PlanNode{Name: n.Name(), Kind: nodeOf(n).resource.kind(), Wave: k}
			node.DependsOn = names(n)
			nodes = append(nodes, node)
		}
		p.Waves = append(p.Waves, nodes)
	}
	return p
}
