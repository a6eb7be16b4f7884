package main

import (
	"slices"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

func testNATS(t *testing.T, dir string) *server.Server {
	t.Helper()
	ns, err := startNATS(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopNATS(ns) })
	return ns
}

func testStream(t *testing.T, ns *server.Server) *stream {
	t.Helper()
	s, err := openStream(t.Context(), ns)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// positions consumes n messages after a position.
func positions(t *testing.T, s *stream, after int64, n int) []uint64 {
	t.Helper()
	arrived := make(chan uint64, n)
	stop, err := s.after(t.Context(), after, func(m jetstream.Msg) {
		meta, err := m.Metadata()
		if err != nil {
			t.Error(err)
			return
		}
		arrived <- meta.Sequence.Stream
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	got := make([]uint64, n)
	for i := range got {
		got[i] = <-arrived
	}
	return got
}

func TestStreamKeepsEachEventOnce(t *testing.T) {
	dir := t.TempDir()
	ns := testNATS(t, dir)
	s := testStream(t, ns)
	for _, events := range [][]Event{eventsNo(1, 5), eventsNo(1, 5), eventsNo(4, 7)} {
		if err := s.publish(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	stopNATS(ns)

	// Nor does a restart make it forget what it has seen.
	s = testStream(t, testNATS(t, dir))
	if err := s.publish(t.Context(), eventsNo(7, 8)); err != nil {
		t.Fatal(err)
	}
	if end, err := s.end(t.Context()); end != 8 || err != nil {
		t.Errorf("ends at %d, %v, want 8", end, err)
	}
	if got, want := positions(t, s, 5, 3), []uint64{6, 7, 8}; !slices.Equal(got, want) {
		t.Errorf("after 5 come %v, want %v", got, want)
	}
}

func TestStreamSaysThatItCannotPublish(t *testing.T) {
	s := testStream(t, testNATS(t, t.TempDir()))
	s.Close()
	if err := s.publish(t.Context(), eventsNo(1, 1)); err == nil {
		t.Error("published on a closed connection")
	}
}

func TestStartNATSNeedsItsDirectory(t *testing.T) {
	ns, err := startNATS("/dev/null/stream")
	if err == nil {
		stopNATS(ns)
		t.Fatal("started on a directory that cannot be")
	}
}
