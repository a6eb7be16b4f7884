package main

import (
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"testing"
)

// pipeline is all that an event passes through, without a server and a scope.
type pipeline struct {
	db      *sql.DB
	journal string
	stream  *stream
	relay   *relay
}

func testPipeline(t *testing.T) pipeline {
	t.Helper()
	p := pipeline{
		db:      testDatabase(t),
		journal: filepath.Join(t.TempDir(), "orders.journal"),
		stream:  testStream(t, testNATS(t, t.TempDir())),
	}
	p.relay = newRelay(outbox{p.db}, testJournal(t, p.journal), p.stream)
	return p
}

// closed is the stopping channel of what is to finish and return.
func closed() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func TestRelayEmptiesTheOutboxBeforeItStops(t *testing.T) {
	p := testPipeline(t)
	const n = relayBatch*2 + 1
	take(t, p.db, 1, n)
	if err := p.relay.run(t.Context(), closed()); err != nil {
		t.Fatal(err)
	}
	if left := count(t, p.db, `SELECT COUNT(*) FROM outbox`); left != 0 {
		t.Errorf("%d events are left", left)
	}
	if got := readEvents(t, p.journal); !slices.Equal(got, eventsNo(1, n)) {
		t.Errorf("the journal has %d events, want %d", len(got), n)
	}
	if end, err := p.stream.end(t.Context()); end != n || err != nil {
		t.Errorf("the stream has %d events, %v, want %d", end, err, n)
	}
}

// Each test of a crash leaves out what comes after the point of the crash, and
// has the next run do all of it again.
func TestRelayAfterACrash(t *testing.T) {
	for name, crash := range map[string]func(t *testing.T, p pipeline){
		"after the commit": func(t *testing.T, p pipeline) {},
		"after the journal": func(t *testing.T, p pipeline) {
			if err := p.relay.journal.append(eventsNo(1, 3)); err != nil {
				t.Fatal(err)
			}
		},
		"after some of the stream": func(t *testing.T, p pipeline) {
			if err := p.relay.journal.append(eventsNo(1, 3)); err != nil {
				t.Fatal(err)
			}
			if err := p.stream.publish(t.Context(), eventsNo(1, 2)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := testPipeline(t)
			take(t, p.db, 1, 3)
			crash(t, p)
			if err := p.relay.run(t.Context(), closed()); err != nil {
				t.Fatal(err)
			}
			if got := readEvents(t, p.journal); !slices.Equal(got, eventsNo(1, 3)) {
				t.Errorf("journal: %v, want 1 to 3", got)
			}
			if end, err := p.stream.end(t.Context()); end != 3 || err != nil {
				t.Errorf("the stream has %d events, %v, want 3", end, err)
			}
		})
	}
}

func TestRelayWakes(t *testing.T) {
	p := testPipeline(t)
	stopping := make(chan struct{})
	ended := make(chan error, 1)
	go func() { ended <- p.relay.run(t.Context(), stopping) }()
	take(t, p.db, 1, 1)
	p.relay.wake()
	p.relay.wake() // does not block, whatever the relay does
	if got := positions(t, p.stream, 0, 1); !slices.Equal(got, []uint64{1}) {
		t.Errorf("published at %v, want 1", got)
	}
	close(stopping)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestRelayEndsWithItsContext(t *testing.T) {
	p := testPipeline(t)
	take(t, p.db, 1, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.relay.run(ctx, ctx.Done()); err == nil {
		t.Error("said that it had emptied the outbox")
	}
	if left := count(t, p.db, `SELECT COUNT(*) FROM outbox`); left != 1 {
		t.Errorf("%d events are left, want 1", left)
	}
}

// Orders are taken no faster than their events are delivered, and those that find
// no room are refused when the service stops.
func TestRelayHasRoomForSoMany(t *testing.T) {
	p := testPipeline(t)
	stopping := make(chan struct{})
	for range relayRoom {
		if !p.relay.reserve(stopping) {
			t.Fatal("no room")
		}
	}
	take(t, p.db, 1, relayBatch)
	waiting := make(chan bool)
	go func() { waiting <- p.relay.reserve(stopping) }()
	select {
	case <-waiting:
		t.Fatal("there was room for one more")
	default:
	}
	if err := p.relay.empty(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !<-waiting {
		t.Error("no room after a batch was delivered")
	}
	for range relayBatch - 1 {
		p.relay.reserve(stopping)
	}
	close(stopping)
	if p.relay.reserve(stopping) {
		t.Error("room for more than there is")
	}
	p.relay.free(1)
	p.relay.free(relayRoom + 1) // of an earlier run
	if !p.relay.reserve(nil) || len(p.relay.room) != 1 {
		t.Errorf("%d on the way, want 1", len(p.relay.room))
	}
}
