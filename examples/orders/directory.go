package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// temporaryPrefix begins the names of temporary directories, and of nothing
// else: what has such a name and is not claimed is removed by the next run.
const temporaryPrefix = "ebb-orders-temporary-"

// directory is where the files of the service are. It is claimed: two services
// on one directory would each write to the journal at its own end.
type directory struct {
	path      string // absolute
	temporary bool
	claimed   *os.File
}

// openDirectory makes the directory, or a temporary one if path is empty, and
// claims it. An existing directory must be writable.
func openDirectory(path string) (directory, error) {
	if path == "" {
		return makeTemporary()
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return directory{}, err
	}
	if strings.HasPrefix(filepath.Base(path), temporaryPrefix) {
		return directory{}, fmt.Errorf("%s: names that begin with %s are those of temporary directories", path, temporaryPrefix)
	}
	if err := makeDirectory(path); err != nil {
		return directory{}, err
	}
	claimed, err := claim(path)
	if err != nil {
		return directory{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := probe(path); err != nil {
		return directory{}, errors.Join(err, claimed.Close())
	}
	return directory{path, false, claimed}, nil
}

func makeTemporary() (directory, error) {
	sweep(os.TempDir(), temporaryPrefix)
	claimed, err := claimNew(func() (*os.File, error) {
		path, err := os.MkdirTemp("", temporaryPrefix)
		if err != nil {
			return nil, err
		}
		return os.Open(path)
	})
	if err != nil {
		return directory{}, err
	}
	return directory{claimed.Name(), true, claimed}, nil
}

// makeDirectory makes path and its missing parents. When it returns, all of
// them are on the disk: the loss of power takes none away again.
func makeDirectory(path string) error {
	var missing []string
	for p := path; ; p = filepath.Dir(p) {
		if _, err := os.Stat(p); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, p)
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	for _, p := range slices.Backward(missing) {
		if err := syncDirectory(filepath.Dir(p)); err != nil {
			return err
		}
	}
	return nil
}

// syncDirectory returns when the names in the directory are on the disk. Windows
// has no such call.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// probe makes and removes a file in a directory that is claimed. Its name is
// always the same, so what a killed run has left of it the next one removes.
func probe(dir string) error {
	f, err := os.Create(filepath.Join(dir, ".probe"))
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// dropDirectory removes the directory if it is temporary, and gives it up.
func dropDirectory(_ context.Context, d directory) error {
	var err error
	if d.temporary {
		err = os.RemoveAll(d.path)
	}
	return errors.Join(err, d.claimed.Close())
}
