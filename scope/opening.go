package scope

import (
	"context"
	"slices"

	"github.com/ebb-go/ebb/trace"
)

// begin makes o the context in which n is opened on behalf of ctx, until end.
func (o *opening) begin(ctx context.Context, n *node, name string) {
	o.frame = frame{Context: ctx, s: n.s, node: n, kind: openingFrame}
	s := n.s.outside()
	o.name, o.opener = name, lexicalFrameOf(ctx)
	s.mu.Lock()
	o.since = s.ageLocked()
	if o.next = s.openings; o.next != nil {
		o.next.prev = o
	}
	s.openings = o
	s.mu.Unlock()
}

// end is deferred: an open function can also panic or call Goexit.
func (o *opening) end() {
	s := o.s.outside()
	s.mu.Lock()
	if o.prev != nil {
		o.prev.next = o.next
	} else {
		s.openings = o.next
	}
	if o.next != nil {
		o.next.prev = o.prev
	}
	o.prev, o.next = nil, nil
	s.mu.Unlock()
}

// openingLocked returns the names of what the function of of is opening in s, the
// one that began first in front; they are atMost maxNames.
func (s *Scope) openingLocked(of *frame) (names []string) {
	for o := s.openings; o != nil; o = o.next {
		if o.opener == of {
			names = append(names, o.name)
		}
	}
	slices.Reverse(names)
	return atMost(names, maxNames)
}

// openingItemsLocked returns what s is opening, the one that began first in front,
// but for lazy guards, which are nodes already.
func (s *Scope) openingItemsLocked() (items []trace.SnapshotItem, lazies map[*node]bool) {
	for o := s.openings; o != nil; o = o.next {
		if o.node.is() != pending {
			if lazies == nil {
				lazies = make(map[*node]bool)
			}
			lazies[o.node] = true
			continue
		}
		items = append(items, trace.SnapshotItem{Kind: "guard", Name: o.name, State: "opening", Age: s.sinceLocked(o.since), Wave: -1})
	}
	slices.Reverse(items)
	return items, lazies
}

// openingBelow is openingLocked for s and all that is nested in of, on the way that
// of itself may be waiting on. It takes the locks of these scopes, one at a time.
func (s *Scope) openingBelow(of *frame) (names []string) {
	s.mu.Lock()
	names = s.openingLocked(of)
	nested, below := s.belowLocked(of), s.belowLocked(nil)
	s.mu.Unlock()
	for _, c := range nested {
		names = append(names, c.openingBelow(&c.body)...)
	}
	for _, c := range below {
		if c.self != nil { // a child opens on behalf of its caller
			names = append(names, c.openingBelow(of)...)
		}
	}
	return atMost(names, maxNames)
}
