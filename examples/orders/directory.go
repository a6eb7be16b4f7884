package main

import (
	"context"
	"errors"
	"os"
)

// directory is where the files of the service are.
type directory struct {
	path      string
	temporary bool
}

// openDirectory makes the directory, or a temporary one if path is empty. A
// directory that is there must let itself be written to.
func openDirectory(path string) (directory, error) {
	if path == "" {
		path, err := os.MkdirTemp("", "ebb-orders-")
		return directory{path, true}, err
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return directory{}, err
	}
	probe, err := os.CreateTemp(path, ".probe-")
	if err != nil {
		return directory{}, err
	}
	return directory{path, false}, errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// dropDirectory removes a temporary directory.
func dropDirectory(_ context.Context, d directory) error {
	if !d.temporary {
		return nil
	}
	return os.RemoveAll(d.path)
}
