// Batch works through a list, shows how far it is, and goes on from there when it is
// called again: after Ctrl-C, with exit code 130, or after a crash. What it has done is in
// a journal, which is written before the bar moves, and closed after the last worker has
// ended.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

func main() {
	journal := flag.String("journal", "batch.journal", "the file that says what is done")
	items := flag.Int("items", 500, "how many items there are")
	pause := flag.Duration("pause", 10*time.Millisecond, "how long an item takes")
	flag.Parse()
	os.Exit(scope.Main(func(ctx context.Context, s *scope.Scope) error {
		return run(ctx, s, *journal, *items, func(ctx context.Context, _ int) error {
			select {
			case <-time.After(*pause):
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}, os.Stderr)
	}, scope.WithName("batch"), scope.WithGrace(5*time.Second)))
}

// run does the items that the journal does not have. A signal cancels ctx, and run returns
// its cause, which Main makes 130 of for Ctrl-C.
func run(ctx context.Context, s *scope.Scope, path string, items int, do func(ctx context.Context, item int) error, out io.Writer) error {
	file, err := scope.Acquire(ctx, s, "journal", func(context.Context) (*os.File, error) {
		return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	}, guard.Close)
	if err != nil {
		return err
	}
	done, err := read(file.Value())
	if err != nil {
		return err
	}
	bar := progressbar.NewOptions(items, progressbar.OptionSetWriter(out), progressbar.OptionShowCount(),
		progressbar.OptionSetDescription("items"), progressbar.OptionThrottle(50*time.Millisecond))
	if _, err := scope.Defer(s, "bar", func(context.Context) error { return bar.Exit() }, scope.DependsOn(file)); err != nil {
		return err
	}
	if err := bar.Set(len(done)); err != nil {
		return err
	}
	// Eight at once, and what they came to in the order of the items, so the journal is
	// written by one goroutine.
	return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		results := make(chan *scope.Task[int], items)
		s.Go("journal", func(ctx context.Context) error {
			for task := range results {
				item, err := task.Await(ctx)
				if err != nil {
					return err
				}
				if _, err := fmt.Fprintln(file.Value(), item); err != nil {
					return err
				}
				if err := bar.Add(1); err != nil {
					return err
				}
			}
			return nil
		})
		defer close(results)
		for item := range items {
			if done[item] {
				continue
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			results <- scope.Async(s, "item", func(ctx context.Context) (int, error) { return item, do(ctx, item) })
		}
		return nil
	}, scope.WithTaskLimit(9)) // and the one for the journal
}

// read returns the items that are done. A last line without its end was being written when
// the program was killed: it counts as not done.
func read(file *os.File) (map[int]bool, error) {
	done := make(map[int]bool)
	lines := bufio.NewReader(file)
	var whole int64
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return done, file.Truncate(whole)
		}
		if err != nil {
			return nil, err
		}
		whole += int64(len(line))
		var item int
		if _, err := fmt.Sscanf(line, "%d\n", &item); err != nil {
			return nil, fmt.Errorf("journal: line %q: %w", line, err)
		}
		done[item] = true
	}
}
