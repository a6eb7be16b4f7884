// Quickstart: a buffer that is flushed before its file is closed, before the
// directory is removed. The order follows from what each is opened with.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

func main() { os.Exit(scope.Main(hello, scope.WithName("quickstart"), scope.WithReport(show))) }

func show(r *trace.Report) { r.WriteText(os.Stdout) }

func hello(ctx context.Context, s *scope.Scope) error {
	dir, err := scope.Acquire(ctx, s, "dir", func(context.Context) (string, error) {
		return os.MkdirTemp("", "quickstart-")
	}, func(_ context.Context, dir string) error { return os.RemoveAll(dir) })
	if err != nil {
		return err
	}
	file, err := scope.Acquire(ctx, s, "file", func(ctx context.Context) (*os.File, error) {
		return os.Create(filepath.Join(dir.Use(ctx), "hello")) // Use: the file depends on the directory
	}, guard.Close)
	if err != nil {
		return err
	}
	buffer, err := scope.Acquire(ctx, s, "buffer", func(ctx context.Context) (*bufio.Writer, error) {
		return bufio.NewWriter(file.Use(ctx)), nil // and the buffer on the file
	}, func(_ context.Context, b *bufio.Writer) error { return b.Flush() })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(buffer.Value(), "hello, world")
	return err // all three are dropped now, whatever err is
}
