// Worker consumes jobs from NATS JetStream, here from a server in the same process. A
// signal asks it to stop first: it takes no more jobs and finishes those it has. Late, when
// three quarters of its time are up, what still runs is canceled, and the job is handed
// back, so that another worker gets it. Then the connection is closed, then the server.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

func main() {
	os.Exit(scope.Main(func(ctx context.Context, s *scope.Scope) error {
		dir, err := scope.Acquire(ctx, s, "dir", func(context.Context) (string, error) {
			return os.MkdirTemp("", "worker-")
		}, guard.Func(func(dir string) { _ = os.RemoveAll(dir) }))
		if err != nil {
			return err
		}
		_, err = start(ctx, s, dir.Value(), func(ctx context.Context, job string) error {
			fmt.Println("job", job)
			return nil
		})
		if err != nil {
			return err
		}
		return s.Wait(ctx)
	}, scope.WithName("worker"), scope.WithStopFirst()))
}

// start consumes jobs until the teardown. It returns the stream that they come from.
func start(ctx context.Context, s *scope.Scope, dir string, do func(ctx context.Context, job string) error) (jetstream.JetStream, error) {
	ns, err := scope.Acquire(ctx, s, "nats", func(context.Context) (*server.Server, error) { return startNATS(dir) },
		guard.Func(func(ns *server.Server) { ns.Shutdown(); ns.WaitForShutdown() }))
	if err != nil {
		return nil, err
	}
	conn, err := scope.Acquire(ctx, s, "conn", func(ctx context.Context) (*nats.Conn, error) {
		return nats.Connect(nats.DefaultURL, nats.InProcessServer(ns.Use(ctx)))
	}, guard.Func((*nats.Conn).Close))
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(conn.Value())
	if err != nil {
		return nil, err
	}
	_, err = js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: "JOBS", Subjects: []string{"jobs"}})
	if err != nil {
		return nil, err
	}
	jobs, err := js.CreateOrUpdateConsumer(ctx, "JOBS", jetstream.ConsumerConfig{
		Durable: "worker", AckPolicy: jetstream.AckExplicitPolicy,
	})
	if err != nil {
		return nil, err
	}
	// Graceful: its context lives while it finishes what it has. It depends on conn, as
	// on all that the scope holds.
	_, err = s.Daemon("consumer", func(ctx context.Context) error {
		return consume(ctx, jobs, do)
	}, scope.Graceful())
	return js, err
}

// consume does jobs until it is asked to stop, and then those that it has been given.
func consume(ctx context.Context, jobs jetstream.Consumer, do func(ctx context.Context, job string) error) error {
	feed, err := jobs.Messages(jetstream.PullMaxMessages(8))
	if err != nil {
		return err
	}
	defer feed.Stop()
	asked, free := scope.StoppingContext(ctx) // a signal has come, and its turn
	defer free()
	defer context.AfterFunc(asked, feed.Drain)() // no more are asked for; Next ends after the last
	for {
		m, err := feed.Next()
		if errors.Is(err, jetstream.ErrMsgIteratorClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(ctx, string(m.Data())); err != nil {
			_ = m.Nak() // another worker gets it at once
			if ctx.Err() == nil {
				continue
			}
			return fmt.Errorf("job %s was cut short and handed back", m.Data())
		}
		if err := m.Ack(); err != nil {
			return err
		}
	}
}

// startNATS runs a server in this process, which listens on no port.
func startNATS(dir string) (*server.Server, error) {
	ns, err := server.NewServer(&server.Options{DontListen: true, NoLog: true, NoSigs: true, JetStream: true, StoreDir: dir})
	if err != nil {
		return nil, err
	}
	ns.Start()
	if !ns.ReadyForConnections(10 * time.Second) {
		ns.Shutdown()
		return nil, errors.New("the NATS server did not come up")
	}
	return ns, nil
}
