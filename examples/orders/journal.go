package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// journal is a file that only grows: one line per event, its checksum before
// it.
//
//	8c5f1a02 {"seq":1,"order":{"number":"A-1001",...}}
//
// The fsync policy: append returns when the lines are on the disk, with one
// fsync for all it was given. A process that ends before that, and a loss of
// power even more so, can leave lines of which nothing is known: some are torn,
// and whole ones may be in the memory of the system only. Opening cuts them off,
// and the outbox, which forgets no event whose append has not returned, gives
// them again.
type journal struct {
	file *os.File
	last int64 // the highest sequence number in the file
}

// openJournal opens the file for appending, or makes it. durable is the number
// of the last event whose append has returned: it and those before it are kept.
func openJournal(path string, durable int64) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	j := &journal{file: f}
	err = j.known()
	if err == nil {
		err = j.cut(durable)
	}
	if err == nil {
		err = syncDirectory(filepath.Dir(path)) // the file may be new
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return j, nil
}

// beginning matches the first nine bytes of a journal, whatever part of its first
// line a crash has left.
var beginning = regexp.MustCompile(`^([0-9a-f]{8} |[0-9a-f]{0,8}$|\x00)`)

// known refuses a file that is something else, which cut would cut off.
func (j *journal) known() error {
	var first [9]byte
	n, err := j.file.ReadAt(first[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if !beginning.Match(first[:n]) {
		return errors.New("is no journal of orders")
	}
	return nil
}

// cut cuts the file off behind the durable event. It refuses a file that does
// not reach it: that was not left by a crash.
func (j *journal) cut(durable int64) error {
	var end int64
	var broken error
	for line, err := range readJournal(j.file) {
		if err != nil {
			broken = err
			break
		}
		if line.event.Seq > durable {
			break
		}
		j.last, end = line.event.Seq, line.end
	}
	if j.last < durable {
		return errors.Join(broken, fmt.Errorf("ends with event %d, %d were written", j.last, durable))
	}
	if err := j.file.Truncate(end); err != nil {
		return err
	}
	_, err := j.file.Seek(end, io.SeekStart)
	return err
}

// append writes the events whose numbers are new, which are in sequence. After an
// error the journal is of no more use: what is on the disk is not known.
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

// journalLine is an event and where in the file its line ends.
type journalLine struct {
	event Event
	end   int64
}

var errTorn = errors.New("is torn")

// readJournal reads line by line, up to and including the first that is no event.
func readJournal(r io.Reader) iter.Seq2[journalLine, error] {
	return func(yield func(journalLine, error) bool) {
		lines, end := bufio.NewReader(r), int64(0)
		for n := 1; ; n++ {
			text, err := lines.ReadBytes('\n')
			switch {
			case errors.Is(err, io.EOF) && len(text) == 0:
				return
			case errors.Is(err, io.EOF):
				err = errTorn
			}
			var e Event
			if err == nil {
				e, err = parseLine(text)
			}
			if err != nil {
				yield(journalLine{}, fmt.Errorf("line %d: %w", n, err))
				return
			}
			end += int64(len(text))
			if !yield(journalLine{e, end}, nil) {
				return
			}
		}
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
