package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"
)

// config is what the command line says.
type config struct {
	orders  string // "" is the sample
	data    string // "" is a temporary directory
	addr    string
	html    string
	svg     string // "" is none
	clients int
	hangups time.Duration // 0: the clients send the orders and wait for each answer
	chaos   bool
}

const synopsis = `usage: orders [flags]

Runs an order-taking service, sends it orders, stops it in mid-traffic with
SIGTERM, and proves from what is on the disk that none was lost.

With OTEL_EXPORTER_OTLP_ENDPOINT set, spans are sent there (OTLP over HTTP).

exit code: 0 nothing was lost, 1 something failed, 2 the command line, or a file
or address that it names, is no good

`

// parseFlags reads the command line. For -h it writes the usage to out and
// returns [flag.ErrHelp].
func parseFlags(args []string, out io.Writer) (c config, err error) {
	flags := flag.NewFlagSet("orders", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the caller reports a fault, in one line
	flags.Usage = func() {}
	flags.Func("orders", "`FILE` of orders, CSV (default: a sample of 1,000)", func(s string) error {
		if c.orders = s; s == "" {
			return errors.New("names no file")
		}
		return nil
	})
	flags.Func("data", "keep the database, the journal and the stream in `DIR`, and go on from what is there (default: a temporary directory)", func(s string) error {
		if c.data = s; s == "" {
			return errors.New("names no directory")
		}
		return nil
	})
	flags.StringVar(&c.addr, "addr", "127.0.0.1:0", "listen on this loopback `ADDRESS`")
	flags.StringVar(&c.html, "html", "teardown.html", "write the report of the stop to `FILE`")
	flags.StringVar(&c.svg, "svg", "", "write the picture of the stop to `FILE`")
	flags.IntVar(&c.clients, "clients", 0, "send from `N` clients at once (default: 16, with -hangups 32)")
	flags.DurationVar(&c.hangups, "hangups", 0, "for this `TIME`, as 60s, have clients hang up at random, with orders made up from those of the file")
	flags.BoolVar(&c.chaos, "chaos", false, "let three drops go wrong: one fails, one panics, one hangs")
	err = flags.Parse(args)
	if c.clients == 0 && !given(flags, "clients") {
		if c.clients = 16; c.hangups > 0 {
			c.clients = 32
		}
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, synopsis)
		flags.SetOutput(out)
		flags.PrintDefaults()
		return c, err
	case err != nil:
		return c, usagef("%w (orders -h shows the flags)", err)
	case flags.NArg() > 0:
		return c, usagef("unexpected argument %q, flags begin with -", flags.Arg(0))
	case c.clients < 1 || c.clients > 1000:
		return c, usagef("-clients: %d is not between 1 and 1000", c.clients)
	case c.hangups < 0:
		return c, usagef("-hangups: %v is negative", c.hangups)
	case c.html == "":
		return c, usagef("-html: names no file")
	}
	return c, nil
}

// given reports whether the command line has the flag.
func given(flags *flag.FlagSet, name string) (found bool) {
	flags.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// usageError is a fault of the command line, not of the program: exit code 2.
type usageError struct{ err error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func (u usageError) Error() string { return u.err.Error() }
func (u usageError) Unwrap() error { return u.err }
