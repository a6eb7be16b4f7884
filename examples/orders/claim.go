package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

var errTaken = errors.New("is in use by another process")

// claim opens the file or directory at path and locks it until the returned
// file is closed or the process has ended, however it ends. It does not wait:
// while another process has the lock it returns errTaken.
//
// The lock is advisory. It is on the directory itself, so it leaves no file
// behind and cannot be stale.
func claim(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := claimFile(f, path); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// claimFile locks f, which was opened at path. A sweep of another process can
// remove path between the two: the lock is then worth nothing, and the error is
// fs.ErrNotExist.
func claimFile(f *os.File, path string) error {
	if err := lock(f); err != nil {
		return err
	}
	locked, err := f.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(path)
	if err == nil && !os.SameFile(locked, named) {
		err = &fs.PathError{Op: "lock", Path: path, Err: fs.ErrNotExist}
	}
	return err
}

// sweep removes what killed runs have left in dir: the files and directories
// whose names begin with prefix and that no process has claimed. It removes what
// it can and reports nothing, for what it leaves harms nothing.
func sweep(dir, prefix string) {
	if !canLock {
		return // what is in use looks like what is not
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) || !e.IsDir() && !e.Type().IsRegular() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		if f, err := claim(path); err == nil {
			_ = os.RemoveAll(path)
			_ = f.Close()
		}
	}
}

// claimAttempts bounds how often a new file is lost to the sweeps of programs
// that start at the same instant.
const claimAttempts = 100

// claimNew claims the new file or directory that create makes and opens. A sweep
// may come upon it before it is claimed, and takes it for what a killed run left;
// another one is then made.
func claimNew(create func() (*os.File, error)) (f *os.File, err error) {
	for range claimAttempts {
		if f, err = create(); err == nil {
			if err = claimFile(f, f.Name()); err == nil {
				return f, nil
			}
			_ = f.Close()
			if !errors.Is(err, errTaken) {
				_ = os.RemoveAll(f.Name()) // else the sweep does
			}
		}
		if !errors.Is(err, errTaken) && !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return nil, err
}
