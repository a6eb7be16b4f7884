package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strconv"
)

// journal is a file that only grows: one line per event, its checksum before
// it.
//
//	8c5f1a02 {"seq":1,"order":{"number":"A-1001",...}}
//
// The fsync policy: append returns when the lines are on the disk, with one
// fsync for all it was given. A crash can leave a torn last line, of an append
// that never returned; opening cuts it off. An event that is there already is
// not written again, so appending after a crash what may or may not have been
// appended before it is safe.
type journal struct {
	file *os.File
	last int64 // the highest sequence number in the file
}

// openJournal opens the file for appending, or makes it.
func openJournal(path string) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	events, whole, err := readJournal(f)
	if err == nil {
		err = f.Truncate(whole)
	}
	if err == nil {
		_, err = f.Seek(whole, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	j := &journal{file: f}
	if len(events) > 0 {
		j.last = events[len(events)-1].Seq
	}
	return j, nil
}

// append writes the events whose numbers are new.
func (j *journal) append(events []Event) error {
	var lines bytes.Buffer
	last := j.last
	for _, e := range events {
		if e.Seq <= last {
			continue
		}
		text, err := json.Marshal(e)
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%08x %s\n", crc32.ChecksumIEEE(text), text)
		last = e.Seq
	}
	if lines.Len() == 0 {
		return nil
	}
	if _, err := j.file.Write(lines.Bytes()); err != nil {
		return err
	}
	if err := j.file.Sync(); err != nil {
		return err
	}
	j.last = last
	return nil
}

// Close closes the file. There is nothing to flush: append has.
func (j *journal) Close() error { return j.file.Close() }

// readJournal reads all events, and says how many bytes they fill. A torn line
// at the end is no event; a broken one before the end is an error.
func readJournal(r io.Reader) (events []Event, whole int64, err error) {
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return events, whole, nil // what is left, if anything, has no end
		}
		if err != nil {
			return nil, 0, err
		}
		e, err := parseLine(line)
		if err != nil {
			return nil, 0, fmt.Errorf("line %d: %w", n, err)
		}
		events, whole = append(events, e), whole+int64(len(line))
	}
}

var errChecksum = errors.New("checksum does not match")

func parseLine(line []byte) (e Event, err error) {
	sum, text, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
	want, err := strconv.ParseUint(string(sum), 16, 32)
	if err != nil || crc32.ChecksumIEEE(text) != uint32(want) {
		return e, errChecksum
	}
	return e, json.Unmarshal(text, &e)
}
