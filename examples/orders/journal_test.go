package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func testJournal(t *testing.T, path string) *journal {
	t.Helper()
	j, err := openJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func eventsNo(first, last int) (events []Event) {
	for n := first; n <= last; n++ {
		events = append(events, Event{int64(n), orderNo(n)})
	}
	return events
}

func readEvents(t *testing.T, path string) []Event {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	events, whole, err := readJournal(f)
	if err != nil {
		t.Fatal(err)
	}
	if size, err := f.Seek(0, 2); err != nil || size != whole {
		t.Fatalf("%d of %d bytes are whole, %v", whole, size, err)
	}
	return events
}

func TestJournalTakesAnEventOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.journal")
	j := testJournal(t, path)
	for _, events := range [][]Event{eventsNo(1, 3), eventsNo(1, 3), eventsNo(2, 5), nil} {
		if err := j.append(events); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	// Nor after it was opened again.
	if err := testJournal(t, path).append(eventsNo(4, 6)); err != nil {
		t.Fatal(err)
	}
	if got := readEvents(t, path); !slices.Equal(got, eventsNo(1, 6)) {
		t.Errorf("%v, want 1 to 6", got)
	}
}

// Whatever byte a crash cuts the file at, the events before the cut are there
// and the next is written whole.
func TestJournalAfterACrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.journal")
	if err := testJournal(t, path).append(eventsNo(1, 2)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	second := bytes.IndexByte(text, '\n') + 1
	for cut := second; cut < len(text); cut++ {
		if err := os.WriteFile(path, text[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		j := testJournal(t, path)
		if err := j.append(eventsNo(1, 3)); err != nil {
			t.Fatal(err)
		}
		j.Close()
		if got := readEvents(t, path); !slices.Equal(got, eventsNo(1, 3)) {
			t.Fatalf("cut at %d: %v, want 1 to 3", cut, got)
		}
	}
}

// What is broken in the middle was not left by a crash, and is not cut off.
func TestJournalRefusesABrokenLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.journal")
	if err := testJournal(t, path).append(eventsNo(1, 3)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.Replace(text, []byte(`"W-2"`), []byte(`"W-9"`), 1)
	if err := os.WriteFile(path, broken, 0o644); err != nil {
		t.Fatal(err)
	}
	j, err := openJournal(path)
	if err == nil {
		j.Close()
		t.Fatal("opened a journal with a broken line")
	}
	if want := path + ": line 2: checksum"; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s...", err, want)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, broken) {
		t.Errorf("the file was changed: %v", err)
	}
}

func TestJournalSaysThatItCannotWrite(t *testing.T) {
	j := testJournal(t, filepath.Join(t.TempDir(), "orders.journal"))
	j.Close()
	if err := j.append(eventsNo(1, 1)); err == nil {
		t.Fatal("wrote to a closed file")
	}
	if j.last != 0 {
		t.Errorf("counts %d as written", j.last)
	}
}
