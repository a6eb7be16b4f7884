package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

func TestClaimIsForOne(t *testing.T) {
	dir := t.TempDir()
	first, err := claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := claim(dir); !errors.Is(err, errTaken) {
		t.Errorf("a second claim: %v, want %v", err, errTaken)
	}
	first.Close()
	second, err := claim(dir)
	if err != nil {
		t.Fatalf("after the first was closed: %v", err)
	}
	second.Close()
}

// A lock on a file that has another name, or none, keeps no process out.
func TestClaimOfWhatWasReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := claimFile(f, path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a removed file: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := claimFile(f, path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a file that was replaced: %v", err)
	}
}

// Only what begins with the prefix and is claimed by no process goes.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"x-dead", "x-live", "y-other"} {
		if err := os.MkdirAll(filepath.Join(dir, name, "below"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "x-file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "y-other"), filepath.Join(dir, "x-link")); err != nil {
		t.Fatal(err)
	}
	live, err := claim(filepath.Join(dir, "x-live"))
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	sweep(dir, "x-")
	if got, want := filesIn(t, dir), []string{"x-link", "x-live", "y-other"}; !slices.Equal(got, want) {
		t.Errorf("left %v, want %v", got, want)
	}
}

// Programs that start at the same instant sweep what the others are about to
// claim. Each gets a directory of its own, and keeps it.
func TestTemporaryDirectoriesOfManyStarts(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var starts sync.WaitGroup
	for range 8 {
		starts.Go(func() {
			for range 50 {
				d, err := openDirectory("")
				if err != nil {
					t.Error(err)
					return
				}
				sweep(os.TempDir(), temporaryPrefix)
				if err := os.WriteFile(filepath.Join(d.path, "file"), nil, 0o644); err != nil {
					t.Errorf("it was swept away: %v", err)
				}
				if err := dropDirectory(t.Context(), d); err != nil {
					t.Error(err)
				}
			}
		})
	}
	starts.Wait()
	if left := filesIn(t, os.TempDir()); len(left) > 0 {
		t.Errorf("left behind %v", left)
	}
}
