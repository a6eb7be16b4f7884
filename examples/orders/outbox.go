package main

import (
	"context"
	"database/sql"
)

// outbox is the table of the events that are committed and not yet delivered. It is
// what makes one fact of a commit, a line in the journal and a message in the
// stream, which no transaction spans: the row goes only when both others have
// it for good, so a crash in between means that it is delivered again, and both
// know a sequence number that they have seen.
type outbox struct{ db *sql.DB }

// oldest returns at most limit events, in sequence.
func (b outbox) oldest(ctx context.Context, limit int) ([]Event, error) {
	rows, err := b.db.QueryContext(ctx,
		`SELECT seq, orders.* FROM outbox JOIN orders USING (number) ORDER BY seq LIMIT ?`, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var events []Event
	for rows.Next() {
		var e Event
		if err := scanOrder(rows.Scan, &e.Order, &e.Seq); err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, rows.Err()
}

// forget deletes the events up to and including seq.
func (b outbox) forget(ctx context.Context, seq int64) error {
	_, err := b.db.ExecContext(ctx, `DELETE FROM outbox WHERE seq <= ?`, seq)
	return err
}

// forgotten returns the number of the last event that was deleted: it and all
// before it are in the journal and the stream for good.
func (b outbox) forgotten(ctx context.Context) (seq int64, err error) {
	err = b.db.QueryRowContext(ctx, `SELECT COALESCE(
		(SELECT MIN(seq) - 1 FROM outbox),
		(SELECT seq FROM sqlite_sequence WHERE name = 'outbox'),
		0)`).Scan(&seq)
	return seq, err
}
