package jobs

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/robfig/cron/v3"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// A Kafka consumer stops fetching when it is asked to, commits what it has handled, and
// then leaves the group: the library takes a context, and no channel.
// Here 2 lines (StoppingContext); by hand about 15, with two contexts and a goroutine.
func TestKafkaConsumer(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "jobs"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	var handled atomic.Int32
	consume := func(n int, wait bool) error {
		return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			client, err := scope.Acquire(ctx, s, "kafka", func(context.Context) (*kgo.Client, error) {
				return kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumeTopics("jobs"), kgo.ConsumerGroup("workers"),
					kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
			}, guard.Func((*kgo.Client).Close))
			if err != nil {
				return err
			}
			for k := range n {
				if err := client.Value().ProduceSync(ctx, &kgo.Record{Topic: "jobs", Value: fmt.Append(nil, k)}).FirstErr(); err != nil {
					return err
				}
			}
			some := make(chan struct{}, 1)
			_, err = s.Daemon("consumer", func(ctx context.Context) error {
				asked, free := scope.StoppingContext(ctx)
				defer free()
				for asked.Err() == nil {
					fetches := client.Value().PollRecords(asked, 5) // ends when it is asked to
					handled.Add(int32(fetches.NumRecords()))
					if err := client.Value().CommitRecords(ctx, fetches.Records()...); err != nil { // and this does not
						return err
					}
					select {
					case some <- struct{}{}:
					default:
					}
				}
				return nil
			}, scope.Graceful())
			if wait {
				<-some
				for handled.Load() < 10 {
					<-some
				}
			}
			return err
		}, scope.WithGrace(time.Minute))
	}
	if err := consume(10, true); err != nil {
		t.Error(err)
	}
	before := handled.Load()
	if err := consume(0, false); err != nil { // nothing is delivered again
		t.Error(err)
	}
	if got := handled.Load(); before != 10 || got != 10 {
		t.Errorf("handled %d, then %d", before, got)
	}
}

// A cron scheduler starts nothing more when it is asked to stop; the job that runs is
// finished, and what it uses is closed after it.
// Here 5 lines (Serve); by hand about 20.
func TestCron(t *testing.T) {
	var finished, open atomic.Bool
	open.Store(true)
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		if _, err := scope.Defer(s, "db", func(context.Context) error { open.Store(false); return nil }); err != nil {
			return err
		}
		begun := make(chan struct{}, 1)
		c := cron.New(cron.WithSeconds(), cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger)))
		_, err := c.AddFunc("* * * * * *", func() {
			begun <- struct{}{}
			time.Sleep(50 * time.Millisecond)
			finished.Store(open.Load())
		})
		if err != nil {
			return err
		}
		_, err = scope.Serve(ctx, s, "cron", func() error { c.Run(); return nil }, func(ctx context.Context) error {
			select {
			case <-c.Stop().Done(): // when the jobs that run have ended
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
		<-begun
		return err
	}, scope.WithGrace(time.Minute))
	if err != nil || !finished.Load() {
		t.Errorf("%v, finished with the database open: %v", err, finished.Load())
	}
}

// The callback of a broker runs on a goroutine and in a context of the library's. It
// belongs to the subscription, which ends before the connection, after its last callback.
// Here 3 lines (Attach); by hand about 20.
func TestCallbackOfABroker(t *testing.T) {
	ns, err := server.NewServer(&server.Options{DontListen: true, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	ns.Start()
	defer func() { ns.Shutdown(); ns.WaitForShutdown() }()
	if !ns.ReadyForConnections(10 * time.Second) {
		t.Fatal("no server")
	}
	var done, closed atomic.Bool
	err = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		conn, err := nats.Connect(nats.DefaultURL, nats.InProcessServer(ns))
		if err != nil {
			return err
		}
		if _, err := scope.Defer(s, "conn", func(context.Context) error { conn.Close(); closed.Store(true); return nil }); err != nil {
			return err
		}
		begun, finish := make(chan struct{}), make(chan struct{})
		_, _, err = scope.Start(ctx, s, "subscription", func(ctx context.Context, ready func(struct{})) error {
			sub, err := conn.Subscribe("jobs", func(*nats.Msg) {
				ctx, release := scope.Attach(context.Background(), ctx)
				defer release()
				_ = scope.Run(ctx, func(context.Context, *scope.Scope) error {
					close(begun)
					<-finish
					done.Store(!closed.Load())
					return nil
				})
			})
			if err != nil {
				return err
			}
			ready(struct{}{})
			<-ctx.Done()
			return sub.Unsubscribe()
		})
		if err == nil {
			err = conn.Publish("jobs", nil)
		}
		<-begun
		time.AfterFunc(50*time.Millisecond, func() { close(finish) })
		return err
	}, scope.WithGrace(time.Minute))
	if err != nil || !done.Load() {
		t.Errorf("%v, done with the connection open: %v", err, done.Load())
	}
}
