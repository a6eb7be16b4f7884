package main

import (
	"strings"
	"testing"
)

func goodOrder() Order {
	return Order{
		Number: "W-1", Placed: "2025-03-31", Customer: "Zoé Lefèvre", Country: "FR",
		SKU: "MUG-ENAMEL-BLUE", Quantity: 2, Price: 1200,
	}
}

func TestOrderCheck(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(*Order)
		want string // "" is good
	}{
		{"good", func(o *Order) {}, ""},
		{"one script or another", func(o *Order) { o.Customer = "欧阳娜娜" }, ""},
		{"right to left", func(o *Order) { o.Customer = "נועה בן־דוד" }, ""},
		{"no number", func(o *Order) { o.Number = "" }, "number: is empty"},
		{"number with a space", func(o *Order) { o.Number = "W 1" }, "number: "},
		{"number too long", func(o *Order) { o.Number = strings.Repeat("9", 33) }, "number: is longer than 32"},
		{"no such day", func(o *Order) { o.Placed = "2025-02-30" }, "placed: "},
		{"blank customer", func(o *Order) { o.Customer = " \u00a0" }, "customer: is empty"},
		{"customer in Latin-1", func(o *Order) { o.Customer = "Bj\xf6rn" }, "customer: \"Bj\\xf6rn\" is not UTF-8"},
		{"escape sequence", func(o *Order) { o.Customer = "\x1b[2J" }, `customer: "\x1b[2J" holds a control character`},
		{"long customer", func(o *Order) { o.Customer = strings.Repeat("Å", 121) }, "customer: is longer than 120"},
		{"longest customer", func(o *Order) { o.Customer = strings.Repeat("Å", 120) }, ""},
		{"country in words", func(o *Order) { o.Country = "Germany" }, "country: "},
		{"country in small letters", func(o *Order) { o.Country = "de" }, "country: "},
		{"sku in small letters", func(o *Order) { o.SKU = "mug" }, "sku: "},
		{"none", func(o *Order) { o.Quantity = 0 }, "quantity: 0 is not between"},
		{"too many", func(o *Order) { o.Quantity = 10_001 }, "quantity: 10001 is not between"},
		{"for nothing", func(o *Order) { o.Price = 0 }, "price: 0.00 is not between"},
		{"too dear", func(o *Order) { o.Price = 100_000_001 }, "price: 1000000.01 is not between"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := goodOrder()
			test.make(&o)
			err := o.check()
			if test.want == "" && err != nil {
				t.Fatalf("check: %v", err)
			}
			if test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)) {
				t.Fatalf("check: %v, want %q", err, test.want)
			}
		})
	}
}

func TestParseCents(t *testing.T) {
	for text, want := range map[string]Cents{"12.50": 1250, "0.01": 1, "0.00": 0, "-1.05": -105} {
		got, err := parseCents(text)
		if err != nil || got != want {
			t.Errorf("parseCents(%q) = %d, %v, want %d", text, got, err, want)
		}
		if got.String() != text {
			t.Errorf("%d prints as %v, want %v", got, got, text)
		}
	}
	for _, text := range []string{"", "12", "12.5", "12.500", ".50", "12,50", "free", "1e2.00", "9999999999999999999.00"} {
		if got, err := parseCents(text); err == nil {
			t.Errorf("parseCents(%q) = %v, want an error", text, got)
		}
	}
}
