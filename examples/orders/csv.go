package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// columns is the header that a file of orders begins with.
const columns = "number,placed,customer,country,sku,quantity,price"

// badRow is a row that was left out, and why.
type badRow struct {
	Line   int // in the file, from 1
	Reason string
}

func (b badRow) String() string { return fmt.Sprintf("line %d: %s", b.Line, b.Reason) }

// readOrders reads a CSV file. A row that is no good costs only itself. A file
// that cannot be read, has another header, or has not one good row is an error.
func readOrders(r io.Reader) (good []Order, bad []badRow, err error) {
	rows := csv.NewReader(skipBOM(r))
	rows.FieldsPerRecord = -1 // parseRow says it better
	header, err := rows.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil, fmt.Errorf("is empty, want the header %s", columns)
	case err != nil && !errors.As(err, new(*csv.ParseError)):
		return nil, nil, err
	case strings.Join(header, ",") != columns:
		return nil, nil, fmt.Errorf("begins with %q, want the header %s", clip(strings.Join(header, ",")), columns)
	}
	seen := make(map[string]int) // number to line
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			bad = append(bad, badRow{syntax.StartLine, syntaxReason(syntax)})
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		line, _ := rows.FieldPos(0)
		o, err := parseRow(row)
		if first, ok := seen[o.Number]; err == nil && ok {
			err = fmt.Errorf("number: %s is that of line %d", o.Number, first)
		}
		if err != nil {
			bad = append(bad, badRow{line, err.Error()})
			continue
		}
		seen[o.Number] = line
		good = append(good, o)
	}
	switch {
	case len(good) > 0:
		return good, bad, nil
	case len(bad) > 0:
		return nil, bad, fmt.Errorf("has no good row: %d of %d are bad, the first in %v", len(bad), len(bad), bad[0])
	}
	return nil, nil, errors.New("has a header and no rows")
}

// parseRow makes an order of the fields of one row.
func parseRow(row []string) (o Order, err error) {
	if want := strings.Count(columns, ",") + 1; len(row) != want {
		return o, fmt.Errorf("%d fields, want %d", len(row), want)
	}
	row = slices.Clone(row)
	for i := range row {
		row[i] = strings.TrimSpace(row[i])
	}
	o = Order{Number: row[0], Placed: row[1], Customer: row[2], Country: row[3], SKU: row[4]}
	if o.Quantity, err = strconv.ParseInt(row[5], 10, 64); err != nil {
		return o, fmt.Errorf("quantity: %q is no whole number", clip(row[5]))
	}
	if o.Price, err = parseCents(row[6]); err != nil {
		return o, fmt.Errorf("price: %q: %w", clip(row[6]), err)
	}
	return o, o.check()
}

// syntaxReason names, beside the fault, what a quote that was never closed has
// swallowed.
func syntaxReason(e *csv.ParseError) string {
	if e.Line > e.StartLine {
		return fmt.Sprintf("%v: lines %d to %d were read as one field", e.Err, e.StartLine, e.Line)
	}
	return e.Err.Error()
}

// clip shortens what is quoted back to the user.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return s
}

// skipBOM passes over the mark that spreadsheets put before UTF-8.
func skipBOM(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if mark, err := b.Peek(3); err == nil && string(mark) == "\ufeff" {
		b.Discard(3) // cannot fail: they have been peeked at
	}
	return b
}
