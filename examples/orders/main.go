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

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code, and has said on stderr what is
// the matter if that is not 0.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (exitCode int) {
	c, err := parseFlags(args, stdout)
	if err == nil {
		err = program(ctx, c, stdout, stderr)
	}
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &usage):
		fmt.Fprintln(stderr, "orders:", oneLine(usage))
		return 2
	}
	for _, err := range multierr.Errors(err) {
		fmt.Fprintln(stderr, "orders:", oneLine(err))
	}
	return 1
}

// oneLine keeps what a file may be called from looking like a second message.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", `\n`) }

// program does all there is to do, in one scope: what it makes before the
// service is open is given up after the proof, and telemetry last of all.
func program(ctx context.Context, c config, stdout, stderr io.Writer) error {
	options, err := telemetry(ctx)
	if err != nil {
		return err
	}
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		in, err := acquireInputs(ctx, s, c)
		if err != nil {
			return err
		}
		return demonstrate(ctx, c, in, stdout, stderr)
	}, append(options, scope.WithName("demo"))...)
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
