package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Order is what a client sends, a row of the table orders holds, and an event
// carries. Its number names it for good: the same number twice is the same
// order sent again.
type Order struct {
	Number   string `json:"number"`
	Placed   string `json:"placed"` // a day, as 2025-03-31
	Customer string `json:"customer"`
	Country  string `json:"country"` // ISO 3166 alpha-2
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
	Price    Cents  `json:"price"` // of one
}

// Event is an order with its place in the sequence of all orders, which is the
// order of commits. It starts at 1 and never goes back.
type Event struct {
	Seq   int64 `json:"seq"`
	Order Order `json:"order"`
}

// check says what is wrong with an order, in words for its sender.
func (o Order) check() error {
	if err := checkName("number", o.Number, 32); err != nil {
		return err
	}
	if _, err := time.Parse(time.DateOnly, o.Placed); err != nil {
		return fmt.Errorf("placed: %q is no day, want one like 2025-03-31", o.Placed)
	}
	if err := checkText("customer", o.Customer, 120); err != nil {
		return err
	}
	if len(o.Country) != 2 || strings.ContainsFunc(o.Country, func(r rune) bool { return r < 'A' || r > 'Z' }) {
		return fmt.Errorf("country: %q is no code of two capital letters", o.Country)
	}
	if err := checkName("sku", o.SKU, 32); err != nil {
		return err
	}
	if o.Quantity < 1 || o.Quantity > 10_000 {
		return fmt.Errorf("quantity: %d is not between 1 and 10000", o.Quantity)
	}
	if o.Price < 1 || o.Price > 100_000_000 {
		return fmt.Errorf("price: %v is not between 0.01 and 1000000.00", o.Price)
	}
	return nil
}

// total is what the order costs.
func (o Order) total() Cents { return o.Price * Cents(o.Quantity) }

// checkText accepts what a person may be called, in any script.
func checkText(field, s string, limit int) error {
	switch {
	case strings.TrimSpace(s) == "":
		return fmt.Errorf("%s: is empty", field)
	case !utf8.ValidString(s):
		return fmt.Errorf("%s: %q is not UTF-8", field, s)
	case strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("%s: %q holds a control character", field, s)
	case utf8.RuneCountInString(s) > limit:
		return fmt.Errorf("%s: is longer than %d characters", field, limit)
	}
	return nil
}

// checkName accepts what a machine may be called.
func checkName(field, s string, limit int) error {
	if err := checkText(field, s, limit); err != nil {
		return err
	}
	if strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z')
	}) {
		return fmt.Errorf("%s: %q holds more than capital letters, digits and hyphens", field, s)
	}
	return nil
}

// Cents is an amount of money: never a float.
type Cents int64

func (c Cents) String() string {
	if c < 0 {
		return "-" + (-c).String()
	}
	return fmt.Sprintf("%d.%02d", int64(c)/100, int64(c)%100)
}

var errPrice = errors.New("want an amount like 12.50")

// parseCents reads "12.50". Two decimals are asked for, so that 12.5 is never
// taken for 12.05.
func parseCents(s string) (Cents, error) {
	whole, fraction, ok := strings.Cut(s, ".")
	if !ok || len(fraction) != 2 || whole == "" {
		return 0, errPrice
	}
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil {
		return 0, errPrice
	}
	return Cents(n), nil
}
