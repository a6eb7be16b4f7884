package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// projectBatch is how many invoices share a transaction at most.
const projectBatch = 128

// projection makes an invoice of each event in the stream, in a second table.
// Its position in the stream is committed in the same transaction as the
// invoices themselves, so no crash can part the two: each event is projected
// once.
type projection struct {
	db       *sql.DB
	stream   *stream
	position int64 // of the last event projected; run's alone
}

// openProjection finds where an earlier run has got to.
func openProjection(ctx context.Context, db *sql.DB, s *stream) (*projection, error) {
	p := &projection{db: db, stream: s}
	err := db.QueryRowContext(ctx, `SELECT COALESCE(MAX(position), 0) FROM invoices`).Scan(&p.position)
	return p, err
}

// run projects until stopping closes, and then on to the end of the stream: by
// then no one publishes, so the end is final. It ends early only with ctx, when
// stopping is closed too; the next run goes on from where it was.
func (p *projection) run(ctx context.Context, stopping <-chan struct{}) error {
	arrived := make(chan jetstream.Msg, projectBatch)
	done := make(chan struct{})
	stop, err := p.stream.after(ctx, p.position, func(m jetstream.Msg) {
		select {
		case arrived <- m:
		case <-done:
		}
	})
	if err != nil {
		return err
	}
	defer stop()
	defer close(done) // before stop, which waits for the function above

	for {
		select {
		case m := <-arrived:
			if err := p.project(ctx, gather(m, arrived)); err != nil {
				return err
			}
		case <-stopping:
			return p.finish(ctx, arrived)
		}
	}
}

// finish projects what is left.
func (p *projection) finish(ctx context.Context, arrived <-chan jetstream.Msg) error {
	end, err := p.stream.end(ctx)
	for err == nil && p.position < end {
		select {
		case m := <-arrived:
			err = p.project(ctx, gather(m, arrived))
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	return err
}

// gather returns m and whatever else has arrived.
func gather(m jetstream.Msg, arrived <-chan jetstream.Msg) []jetstream.Msg {
	batch := []jetstream.Msg{m}
	for len(batch) < projectBatch {
		select {
		case m := <-arrived:
			batch = append(batch, m)
		default:
			return batch
		}
	}
	return batch
}

// project writes a batch in one transaction, and then moves the position. An
// event that was published twice has its invoice already.
func (p *projection) project(ctx context.Context, batch []jetstream.Msg) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	position := p.position
	for _, m := range batch {
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		var e Event
		if err := json.Unmarshal(m.Data(), &e); err != nil {
			return fmt.Errorf("message %d: %w", meta.Sequence.Stream, err)
		}
		position = int64(meta.Sequence.Stream)
		if _, err := tx.ExecContext(ctx, `INSERT INTO invoices VALUES (?, ?, ?) ON CONFLICT (number) DO NOTHING`,
			e.Order.Number, position, e.Order.total()); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	p.position = position
	return nil
}
