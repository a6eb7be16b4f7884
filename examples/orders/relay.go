package main

import "context"

// relayBatch is how many events share an fsync of the journal.
const relayBatch = 128

// relayRoom is how many events may be on the way. Those that are when the service
// is stopped are to be delivered within its grace, so orders are taken no faster
// than their events are delivered.
const relayRoom = 2 * relayBatch

// relay takes events from the outbox to the journal and the stream. One
// goroutine runs it, so events keep their sequence.
type relay struct {
	outbox  outbox
	journal *journal
	stream  *stream
	news    chan struct{} // of capacity 1: one reminder stands for any number
	room    chan struct{} // holds a value for each event on the way, or about to be
}

func newRelay(b outbox, j *journal, s *stream) *relay {
	return &relay{outbox: b, journal: j, stream: s, news: make(chan struct{}, 1), room: make(chan struct{}, relayRoom)}
}

// reserve waits for room for one event, until stopping is closed, and reports
// whether there is. The caller gives the room back, by free, if no event comes of
// it.
func (r *relay) reserve(stopping <-chan struct{}) bool {
	select {
	case r.room <- struct{}{}:
		return true
	case <-stopping:
		return false
	}
}

// free gives back the room of n events. Those of an earlier run never had any.
func (r *relay) free(n int) {
	for range n {
		select {
		case <-r.room:
		default:
			return
		}
	}
}

// wake says that the outbox has a new event. It never blocks.
func (r *relay) wake() {
	select {
	case r.news <- struct{}{}:
	default: // there is a reminder that has not been looked at
	}
}

// run empties the outbox, at first of what an earlier run left, then whenever
// it is woken. When stopping closes it empties it a last time: by then no one
// adds to it, so empty is final. It ends early only with ctx, when stopping is
// closed too; the rest then stays in the outbox for the next run.
func (r *relay) run(ctx context.Context, stopping <-chan struct{}) error {
	for {
		if err := r.empty(ctx); err != nil {
			return err
		}
		select {
		case <-r.news:
		case <-stopping:
			return r.empty(ctx)
		}
	}
}

func (r *relay) empty(ctx context.Context) error {
	for {
		events, err := r.outbox.oldest(ctx, relayBatch)
		if err != nil || len(events) == 0 {
			return err
		}
		if err := r.journal.append(events); err != nil {
			return err
		}
		if err := r.stream.publish(ctx, events); err != nil {
			return err
		}
		if err := r.outbox.forget(ctx, events[len(events)-1].Seq); err != nil {
			return err
		}
		r.free(len(events))
	}
}
