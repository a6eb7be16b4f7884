package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func testJournal(t *testing.T, path string) *journal {
	t.Helper()
	return testJournalAfter(t, path, 0)
}

// testJournalAfter opens a journal of which so many events are known to be on
// the disk.
func testJournalAfter(t *testing.T, path string, durable int64) *journal {
	t.Helper()
	j, err := openJournal(path, durable)
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

func readEvents(t *testing.T, path string) (events []Event) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for line, err := range readJournal(f) {
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		events = append(events, line.event)
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
	if err := testJournalAfter(t, path, 5).append(eventsNo(4, 6)); err != nil {
		t.Fatal(err)
	}
	if got := readEvents(t, path); !slices.Equal(got, eventsNo(1, 6)) {
		t.Errorf("%v, want 1 to 6", got)
	}
}

// What a crash leaves behind the last append that returned is not known to be on
// the disk, however whole it looks, and must be written once more: each row is
// such a file, of which only the first event counts.
func TestJournalAfterACrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.journal")
	if err := testJournal(t, path).append(eventsNo(1, 3)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(text, '\n') + 1
	left := map[string][]byte{
		"the second half of the disk block": append(bytes.Clone(text[:first]), make([]byte, 100)...),
		"the third line without the second": bytes.Replace(text, []byte(`"W-2"`), []byte("\x00\x00\x00\x00\x00"), 1),
	}
	for cut := first; cut <= len(text); cut++ {
		left[fmt.Sprintf("%d of %d bytes", cut, len(text))] = text[:cut]
	}
	for name, text := range left {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		j := testJournalAfter(t, path, 1)
		if got := readEvents(t, path); !slices.Equal(got, eventsNo(1, 1)) {
			t.Fatalf("%s: %v count as written, want 1 alone", name, got)
		}
		if err := j.append(eventsNo(1, 3)); err != nil {
			t.Fatal(err)
		}
		j.Close()
		if got := readEvents(t, path); !slices.Equal(got, eventsNo(1, 3)) {
			t.Fatalf("%s: %v, want 1 to 3", name, got)
		}
	}
}

// What is broken or missing before the last event that was written was not left
// by a crash, and is not cut off.
func TestJournalRefusesWhatIsBroken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.journal")
	if err := testJournal(t, path).append(eventsNo(1, 3)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for want, broken := range map[string][]byte{
		"line 2: checksum":     bytes.Replace(text, []byte(`"W-2"`), []byte(`"W-9"`), 1),
		"line 3: is torn":      text[:len(text)-1],
		"ends with event 0, 3": nil,
		"is no journal":        []byte("number,placed,customer\n"),
	} {
		if err := os.WriteFile(path, broken, 0o644); err != nil {
			t.Fatal(err)
		}
		durable := int64(3)
		if want == "is no journal" {
			durable = 0 // an empty outbox and an empty file would agree
		}
		j, err := openJournal(path, durable)
		if err == nil {
			j.Close()
			t.Fatalf("%s: opened", want)
		}
		if want = path + ": " + want; !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s...", err, want)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, broken) {
			t.Errorf("the file was changed: %v", err)
		}
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
