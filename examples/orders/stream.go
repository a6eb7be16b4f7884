package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	streamName  = "ORDERS"
	subject     = "orders.taken"
	dedupFor    = time.Hour       // how long the stream knows the ids it has seen
	startTime   = 5 * time.Second // for the embedded server to come up
	streamStore = 1 << 30         // bytes
)

// startNATS runs a NATS server with JetStream inside this process. It listens
// on no port: connections to it are made in memory. With SyncAlways a message
// that it acknowledges is on the disk.
func startNATS(dir string) (*server.Server, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err // the server would only log it
	}
	ns, err := server.NewServer(&server.Options{
		ServerName:        "orders",
		DontListen:        true,
		NoLog:             true,
		NoSigs:            true, // signals are the program's to handle
		JetStream:         true,
		JetStreamMaxStore: streamStore,
		StoreDir:          dir,
		SyncAlways:        true,
	})
	if err != nil {
		return nil, err
	}
	ns.Start()
	if !ns.ReadyForConnections(startTime) {
		stopNATS(ns)
		return nil, errors.New("the embedded NATS server did not come up")
	}
	return ns, nil
}

// stopNATS stops the server, and returns when its files are closed.
func stopNATS(ns *server.Server) {
	ns.Shutdown()
	ns.WaitForShutdown()
}

// stream is a connection to the server, for those who publish and consume.
type stream struct {
	conn   *nats.Conn
	js     jetstream.JetStream
	stored jetstream.Stream
}

// openStream connects in memory and makes the stream, unless it is there from
// an earlier run.
func openStream(ctx context.Context, ns *server.Server) (*stream, error) {
	conn, err := nats.Connect(nats.DefaultURL, nats.InProcessServer(ns))
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	stored, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: streamName, Subjects: []string{subject}, Duplicates: dedupFor,
	})
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &stream{conn: conn, js: js, stored: stored}, nil
}

// publish sends the events and returns when the stream has them all. The
// sequence number is the id by which JetStream knows one that it has already.
func (s *stream) publish(ctx context.Context, events []Event) error {
	acks := make([]jetstream.PubAckFuture, len(events))
	for i, e := range events {
		text, err := json.Marshal(e)
		if err != nil {
			return err
		}
		acks[i], err = s.js.PublishAsync(subject, text, jetstream.WithMsgID(strconv.FormatInt(e.Seq, 10)))
		if err != nil {
			return err
		}
	}
	for i, ack := range acks {
		select {
		case <-ack.Ok():
		case err := <-ack.Err():
			return fmt.Errorf("event %d: %w", events[i].Seq, err)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// after consumes, in sequence and without end, what comes after a position in
// the stream. take is called by one goroutine, and stop returns when it has
// been called for the last time. An ordered consumer acknowledges nothing:
// the caller remembers where it has got to.
func (s *stream) after(ctx context.Context, position int64, take func(jetstream.Msg)) (stop func(), err error) {
	consumer, err := s.stored.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:   uint64(position) + 1,
	})
	if err != nil {
		return nil, err
	}
	feed, err := consumer.Consume(take)
	if err != nil {
		return nil, err
	}
	return func() {
		feed.Stop()
		<-feed.Closed()
	}, nil
}

// end returns the position of the last message there is.
func (s *stream) end(ctx context.Context) (int64, error) {
	info, err := s.stored.Info(ctx)
	if err != nil {
		return 0, err
	}
	return int64(info.State.LastSeq), nil
}

// Close closes the connection.
func (s *stream) Close() error {
	s.conn.Close()
	return nil
}
