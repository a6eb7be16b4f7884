package term

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Short prints d with at most three digits and its unit: 1.24s, 310ms, 15µs.
// From a minute on it counts whole seconds.
func Short(d time.Duration) string {
	if d < 0 {
		return "-" + Short(-max(d, -math.MaxInt64)) // the least has no opposite
	}
	if d >= time.Minute-time.Second/2 {
		d = d.Round(time.Second)
		h, m, s := d/time.Hour, d%time.Hour/time.Minute, d%time.Minute/time.Second
		if h > 0 {
			return fmt.Sprintf("%dh%02dm", h, m)
		}
		return fmt.Sprintf("%dm%02ds", m, s)
	}
	switch {
	case d == 0:
		return "0s"
	case d >= time.Second-time.Millisecond/2:
		return digits(d.Seconds()) + "s"
	case d >= time.Millisecond-time.Microsecond/2:
		return digits(float64(d)/1e6) + "ms"
	case d >= time.Microsecond:
		return digits(float64(d)/1e3) + "µs"
	}
	return fmt.Sprintf("%dns", d)
}

// digits prints three significant digits without trailing zeros.
func digits(f float64) string {
	decimals := 2
	switch {
	case f >= 99.95:
		decimals = 0
	case f >= 9.995:
		decimals = 1
	}
	s := fmt.Sprintf("%.*f", decimals, f)
	if decimals > 0 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// Plural prints n, with separators, and the noun.
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Thousands(n) + " " + noun + "s"
}

// Thousands prints n as 9,950.
func Thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
