package main

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

const goodRow = "W-1,2025-03-31,Zoé Lefèvre,FR,MUG-ENAMEL-BLUE,2,12.00"

func TestReadOrders(t *testing.T) {
	rows := strings.Join([]string{
		columns,
		goodRow,
		`W-2,2025-03-31,"Müller, Söhne & Co. KG",DE,KETTLE-1L,1,64.00`,
		"",
		"W-3,2025-03-31,Ana,ES,KETTLE-1L,1",
		`W-4,2025-03-31,Ana "la Jefa" Ruiz,ES,KETTLE-1L,1,64.00`,
		"W-5,2025-03-31,Ana,ES,KETTLE-1L,one,64.00",
		"W-6,2025-03-31,Ana,ES,KETTLE-1L,1,64",
		"W-7,2025-03-31,Ana,Spain,KETTLE-1L,1,64.00",
		"W-1,2025-03-31,Ana,ES,KETTLE-1L,1,64.00",
		" W-8 ,2025-03-31, 佐藤 花子 ,JP,TEA-SENCHA-250,10,14.50",
	}, "\n")
	for name, text := range map[string]string{
		"as it is":         rows,
		"with a final end": rows + "\n",
		"from Windows":     "\ufeff" + strings.ReplaceAll(rows, "\n", "\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			good, bad, err := readOrders(iotest.OneByteReader(strings.NewReader(text)))
			if err != nil {
				t.Fatal(err)
			}
			wantGood := []Order{
				goodOrder(),
				{"W-2", "2025-03-31", "Müller, Söhne & Co. KG", "DE", "KETTLE-1L", 1, 6400},
				{"W-8", "2025-03-31", "佐藤 花子", "JP", "TEA-SENCHA-250", 10, 1450},
			}
			if !slices.Equal(good, wantGood) {
				t.Errorf("good rows:\n%v, want\n%v", good, wantGood)
			}
			wantBad := []badRow{
				{5, "6 fields, want 7"},
				{6, `bare " in non-quoted-field`},
				{7, `quantity: "one" is no whole number`},
				{8, `price: "64": want an amount like 12.50`},
				{9, `country: "Spain" is no code of two capital letters`},
				{10, "number: W-1 is that of line 2"},
			}
			if !slices.Equal(bad, wantBad) {
				t.Errorf("bad rows:\n%v, want\n%v", bad, wantBad)
			}
		})
	}
}

func TestReadOrdersNamesWhatAnOpenQuoteSwallowed(t *testing.T) {
	text := columns + "\n" + goodRow + "\nW-2,2025-03-31,\"Ana,ES,KETTLE-1L,1,64.00\nW-3\nW-4\n"
	good, bad, err := readOrders(strings.NewReader(text))
	if err != nil || len(good) != 1 || len(bad) != 1 {
		t.Fatalf("%d good, %v, %v", len(good), bad, err)
	}
	if want := "lines 3 to"; bad[0].Line != 3 || !strings.Contains(bad[0].Reason, want) {
		t.Errorf("%v, want %q of line 3", bad[0], want)
	}
}

func TestReadOrdersRefusesTheFile(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty":          {"", "is empty, want the header number,placed"},
		"other header":   {"id,name\n1,Ana\n", `begins with "id,name", want the header`},
		"no header":      {goodRow + "\n", "begins with"},
		"quotes":         {"\"number,\n", "begins with"},
		"header alone":   {columns + "\n", "has a header and no rows"},
		"nothing good":   {columns + "\nx\ny\n", "has no good row: 2 of 2 are bad, the first in line 2: 1 fields, want 7"},
		"not text":       {"\x00\x01\x02\xff", "begins with"},
		"one long field": {strings.Repeat("x", 1000), "begins with"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readOrders(strings.NewReader(test.text))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Fatalf("%v, want %q", err, test.want)
			}
			if strings.Contains(err.Error(), "\n") || len(err.Error()) > 250 {
				t.Errorf("not one short line: %q", err)
			}
		})
	}
}

func TestReadOrdersReturnsTheReadersError(t *testing.T) {
	broken := errors.New("disk on fire")
	for name, text := range map[string]string{"in the header": "", "in the rows": columns + "\n"} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readOrders(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)))
			if !errors.Is(err, broken) {
				t.Fatalf("%v, want %v", err, broken)
			}
		})
	}
}

// The sample is what the README and the proof speak of.
func TestSample(t *testing.T) {
	f, err := os.Open("orders.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	good, bad, err := readOrders(f)
	if err != nil {
		t.Fatal(err)
	}
	if len(good)+len(bad) != 1000 || len(bad) != 15 {
		t.Errorf("%d good and %d bad rows, want 1000 with 15 bad", len(good), len(bad))
	}
	reasons := make(map[string]bool)
	for _, b := range bad {
		field, _, _ := strings.Cut(b.Reason, ":")
		reasons[field] = true
	}
	if len(reasons) < 8 {
		t.Errorf("the bad rows are bad in only %d ways: %v", len(reasons), bad)
	}
	ascii := func(o Order) bool { return !strings.ContainsFunc(o.Customer, func(r rune) bool { return r > 127 }) }
	if !slices.ContainsFunc(good, ascii) || len(slices.DeleteFunc(good, ascii)) < 500 {
		t.Error("fewer than half of the names are beyond ASCII")
	}
}
