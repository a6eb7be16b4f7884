// Command shutdown measures how long a service takes to shut down under each
// schedule, and prints and draws the comparison. The service is described in a
// file: its guards, what each uses, and how long each drop takes; see [Service].
// Without a file it is the sample, service.yaml.
//
//	go -C benchmarks run ./shutdown [-n 5] [-scale 1] [-seed 1] [-svg shutdown.svg] [FILE]
//
// FILE and the SVG are relative to the directory that the command runs in, which
// with -C is benchmarks. The exit code is 2 for a file or an argument that is
// wrong, and 1 if measuring failed.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ebb-go/ebb/benchmarks/internal/chart"
)

//go:embed service.yaml
var sample []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// errUsage is an error of whoever calls the command.
var errUsage = errors.New("usage")

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := measure(ctx, args, stdout, stderr)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintf(stderr, "shutdown: %s\n", strings.TrimPrefix(err.Error(), "usage: "))
		return 2
	}
	fmt.Fprintf(stderr, "shutdown: %v\n", err)
	return 1
}

func measure(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("shutdown", flag.ContinueOnError)
	flags.SetOutput(stderr)
	rounds := flags.Int("n", 5, "how often to shut down by each schedule")
	scale := flags.Float64("scale", 1, "multiply all drop times by this")
	seed := flags.Uint64("seed", 1, "draws the drop times that are ranges")
	svg := flags.String("svg", "shutdown.svg", "the file to draw into; empty: none")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if *rounds < 1 || *scale <= 0 || flags.NArg() > 1 {
		return fmt.Errorf("%w: -n and -scale must be positive, and there is one file at most", errUsage)
	}
	service, err := load(flags.Arg(0))
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	m, err := Measure(ctx, service, *rounds, *scale, *seed)
	if err != nil {
		return err
	}
	if err := m.Print(stdout); err != nil || *svg == "" {
		return err
	}
	if err := m.Draw(*svg); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "\ndrawn in %s\n", *svg)
	return err
}

func load(path string) (*Service, error) {
	if path == "" {
		return Parse(bytes.NewReader(sample))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := Parse(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// Print writes the comparison as text.
func (m *Measurement) Print(w io.Writer) error {
	fmt.Fprintf(w, "%s: %d guards, %d rounds\n\n", m.Service.Name, len(m.Service.Guards), len(m.Results[0].Took))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "schedule\tmedian\tleast possible\tabove it\tagainst eager\t")
	eager := m.Results[0].Median()
	for _, r := range m.Results {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%.2f ×\t\n", r.Schedule, round(r.Median()), round(r.Bound()), above(r), float64(r.Median())/float64(max(eager, 1)))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\ncritical path: %s\n", strings.Join(m.Path, " -> "))
	if m.Service.Limit > 0 {
		fmt.Fprintf(w, "at most %d drops at a time; the least possible does not count that\n", m.Service.Limit)
	}
	for _, r := range m.Results {
		if grace := time.Duration(m.Service.Grace); grace > 0 && r.Median() > grace {
			fmt.Fprintf(w, "%s takes longer than the grace of %s\n", r.Schedule, grace)
		}
	}
	return nil
}

func above(r Result) string {
	if r.Bound() == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*(float64(r.Median())/float64(r.Bound())-1))
}

func round(d time.Duration) time.Duration {
	switch {
	case d > time.Second:
		return d.Round(time.Millisecond)
	case d > time.Millisecond:
		return d.Round(10 * time.Microsecond)
	}
	return d
}

// Draw writes the comparison as SVG. The line across a bar is the least that its
// schedule can take.
func (m *Measurement) Draw(path string) error {
	var bars []chart.Bar
	for _, r := range m.Results {
		s := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
		bar := chart.Bar{
			Label: r.Schedule.String(), Value: s(r.Median()), Mark: s(r.Bound()), Highlight: true,
			Text: round(r.Median()).String(), Lo: s(r.Took[0]), Hi: s(r.Took[0]),
		}
		for _, d := range r.Took {
			bar.Lo, bar.Hi = min(bar.Lo, s(d)), max(bar.Hi, s(d))
		}
		bars = append(bars, bar)
	}
	return chart.Bars(path, "Shutdown of "+m.Service.Name, "ms; the line is the least possible", bars)
}
