package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

// config is what the command line says.
type config struct {
	orders  string // "" is the sample
	data    string // "" is a temporary directory
	addr    string
	html    string
	svg     string // "" is none
	clients int
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
	flags.SetOutput(io.Discard) // a fault is told in one line, by whoever calls
	flags.Usage = func() {}
	flags.Func("orders", "`FILE` of orders, CSV (default: a sample of 1,000)", func(s string) error {
		if c.orders = s; s == "" {
			return errors.New("names no file")
		}
		return nil
	})
	flags.StringVar(&c.data, "data", "", "keep the database, the journal and the stream in `DIR`, and go on from what is there (default: a temporary directory)")
	flags.StringVar(&c.addr, "addr", "127.0.0.1:0", "listen on this loopback `ADDRESS`")
	flags.StringVar(&c.html, "html", "teardown.html", "write the report of the stop to `FILE`")
	flags.StringVar(&c.svg, "svg", "", "write the picture of the stop to `FILE`")
	flags.IntVar(&c.clients, "clients", 16, "send from `N` clients at once")
	flags.BoolVar(&c.chaos, "chaos", false, "let three drops go wrong: one fails, one panics, one hangs")
	err = flags.Parse(args)
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
	case c.html == "":
		return c, usagef("-html: names no file")
	}
	return c, nil
}

// usageError is a fault of whoever typed the command line, and not of the
// program: exit code 2.
type usageError struct{ err error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func (u usageError) Error() string { return u.err.Error() }
func (u usageError) Unwrap() error { return u.err }
