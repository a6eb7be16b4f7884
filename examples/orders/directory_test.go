package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// However the directory is named, the service runs in it, and the next run
// finds what this one has left.
func TestDataDirectories(t *testing.T) {
	for _, name := range []string{
		"data", "./data", "a/b/c", "../data", ".", "data/", "-data", "a b?c=d#e%20é", "file:data", "..data", "{dir}/data", "/{dir}/data",
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "work")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			t.Chdir(dir)
			path := strings.ReplaceAll(name, "{dir}", dir)
			d, err := openDirectory(path)
			if err != nil {
				t.Fatal(err)
			}
			v := &service{dir: d.path}
			if want, _ := filepath.Abs(path); d.path != want {
				t.Errorf("at %s, want %s", d.path, want)
			}
			take(t, testDatabaseAt(t, v.databasePath()), 1, 3)
			testJournal(t, v.journalPath())
			testNATS(t, v.streamPath())
			found := filesIn(t, path)
			for _, want := range []string{"orders.db", "orders.journal", "stream"} {
				if !slices.Contains(found, want) {
					t.Errorf("no %s in %s: %v", want, path, found)
				}
			}
			if err := dropDirectory(t.Context(), d); err != nil {
				t.Error(err)
			}
			if n := count(t, testDatabaseAt(t, filepath.Join(path, "orders.db")), `SELECT COUNT(*) FROM orders`); n != 3 {
				t.Errorf("%d orders, want 3", n)
			}
		})
	}
}

func TestDirectoryIsForOne(t *testing.T) {
	path := t.TempDir()
	d, err := openDirectory(path)
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, again := range []string{path, path + "/.", link} {
		if _, err := openDirectory(again); !errors.Is(err, errTaken) || !strings.Contains(err.Error(), filepath.Clean(again)) {
			t.Errorf("%s: %v, want that it is taken, by name", again, err)
		}
	}
	if err := dropDirectory(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	for _, again := range []string{path, link} {
		if d, err = openDirectory(again); err != nil {
			t.Fatal(err)
		}
		if err := dropDirectory(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
}

// What would be swept away by the next run is no place to keep anything.
func TestDirectoryWithATemporaryName(t *testing.T) {
	path := filepath.Join(t.TempDir(), temporaryPrefix+"1")
	if _, err := openDirectory(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%v, want an error that names it", err)
	}
}
