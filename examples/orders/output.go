package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/ebb-go/ebb/scope"
)

// output is a file that is made at the beginning, so that a place that cannot
// be written to is known before there is anything to write, and is written at
// the end. Until then it has another name and is claimed: at path there is the
// whole of the new file or what was there before, and what a killed run has left
// the next one with the same path removes.
type output struct {
	path string
	temp *os.File
}

func acquireOutput(ctx context.Context, s *scope.Scope, name, path string) (*output, error) {
	h, err := scope.Acquire(ctx, s, name, func(context.Context) (*output, error) {
		return createOutput(path)
	}, dropOutput)
	if err != nil {
		return nil, err
	}
	return h.Value(), nil
}

func createOutput(path string) (*output, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, &os.PathError{Op: "create", Path: path, Err: syscall.EISDIR}
	}
	dir, prefix := filepath.Dir(path), "."+filepath.Base(path)+".orders-"
	sweep(dir, prefix)
	f, err := claimNew(func() (*os.File, error) { return os.CreateTemp(dir, prefix) })
	if err != nil {
		var cause *os.PathError // names the temporary file
		if errors.As(err, &cause) {
			cause.Op, cause.Path = "create", path
		}
		return nil, err
	}
	return &output{path, f}, nil
}

// write writes the file and gives it its name.
func (o *output) write(render func(io.Writer) error) error {
	if err := render(o.temp); err != nil {
		return err
	}
	if err := o.temp.Chmod(0o644); err != nil { // temporary files are for their owner alone
		return err
	}
	if err := o.temp.Close(); err != nil {
		return err
	}
	return os.Rename(o.temp.Name(), o.path)
}

// dropOutput removes what has not become the file.
func dropOutput(_ context.Context, o *output) error {
	o.temp.Close() // perhaps for the second time
	if err := os.Remove(o.temp.Name()); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
