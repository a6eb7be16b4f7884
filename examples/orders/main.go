// Orders is an order-taking service on real parts: an HTTP server, SQLite, NATS
// JetStream, a journal and a write-behind cache, held by one scope. The program
// sends it orders, stops it in mid-traffic with SIGTERM, shows how it stopped,
// and proves from what is on the disk that nothing was lost.
//
// Read service.go first: it has the parts and what each depends on. Then
// transaction.go, handler.go and server.go. What knows nothing of ebb (order,
// csv, database, outbox, relay, journal, stream, projection, cache, clients)
// does one thing each.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/scope"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program. It returns the exit code: 2, and one line on stderr, if the
// command line cannot be used, and otherwise what [scope.Main] returns, which
// writes to the standard error of the process.
func run(args []string, stdout, stderr io.Writer) (exitCode int) {
	c, err := parseFlags(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	var options []scope.Option
	if err == nil {
		options, err = telemetry(context.Background())
	}
	if err != nil {
		return refuseToRun(stderr, err)
	}
	// What is made before the service is open is given up after the proof, and
	// telemetry last of all. A signal asks the service to stop, and the proof
	// follows.
	var unusable error
	exitCode = scope.Main(func(ctx context.Context, s *scope.Scope) error {
		in, err := acquireInputs(ctx, s, c)
		if errors.As(err, new(usageError)) {
			unusable = err
			return nil
		}
		if err != nil {
			return err
		}
		return demonstrate(ctx, c, in, stdout, stderr)
	}, append(options, scope.WithName("demo"), scope.WithStopFirst(), scope.WithSpanMode(scope.SpanChild))...)
	if exitCode == 0 && unusable != nil {
		return refuseToRun(stderr, unusable)
	}
	return exitCode
}

// refuseToRun writes what is wrong with the command line, or the environment, as
// one line, whatever a file may be called.
func refuseToRun(stderr io.Writer, err error) (exitCode int) {
	fmt.Fprintln(stderr, "orders:", strings.ReplaceAll(err.Error(), "\n", `\n`))
	if errors.As(err, new(usageError)) {
		return 2
	}
	return 1
}

// demonstrate runs the service under traffic, then shows how it stopped and
// what became of the orders. What went wrong does not keep it from showing the
// rest.
func demonstrate(ctx context.Context, c config, in inputs, stdout, stderr io.Writer) error {
	writeBad(stdout, in)
	crowd, told, finish := newCrowd(c, in, stdout, stderr)
	service := &service{dir: in.dir, listener: in.listener, chaos: c.chaos}
	traffic := &traffic{service, crowd}

	serviceErr, clientErr := traffic.run(ctx)
	finish()
	err := multierr.Append(serviceErr, clientErr)
	if !service.served {
		return err // it never came to an order
	}
	fmt.Fprintf(stdout, "stopped: %d orders acknowledged, %d refused\n\n", len(told.acknowledged), told.refused)
	err = multierr.Append(err, writeReport(stdout, in, service.report))

	proof, proofErr := prove(ctx, service, told)
	if proofErr != nil {
		return multierr.Append(err, proofErr)
	}
	fmt.Fprintln(stdout, "read again from the disk:")
	err = multierr.Append(err, proof.writeText(stdout))
	lost := proof.err()
	if lost == nil {
		fmt.Fprintln(stdout, "nothing was lost")
	}
	return multierr.Append(err, lost)
}

// newCrowd returns the clients that the command line asks for, what they are told,
// and what to call when they have ended. It says what they are about to do.
func newCrowd(c config, in inputs, stdout, stderr io.Writer) (crowd, *answers, func()) {
	addr := in.listener.Addr().String()
	if c.hangups > 0 {
		h := &hangups{addr: addr, orders: in.orders, n: c.clients, time: c.hangups, run: newRun()}
		fmt.Fprintf(stdout, "http://%s: %d clients hang up at random; SIGTERM comes after %v\n", addr, h.n, h.time)
		return h, &h.answers, func() { fmt.Fprintln(stdout, h) }
	}
	set, finish := newProgress(stderr, len(in.orders))
	k := &clients{url: "http://" + addr, orders: in.orders, n: min(c.clients, len(in.orders)), middle: middleOf(len(in.orders)), progress: set}
	fmt.Fprintf(stdout, "%s: %d clients send %d orders; SIGTERM comes after %d\n", k.url, k.n, len(k.orders), k.middle)
	return k, &k.answers, finish
}

// middleOf is where traffic is thickest: after three of five orders.
func middleOf(orders int) int { return (orders*3 + 4) / 5 }
