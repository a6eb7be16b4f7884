package term_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ebb-go/ebb/internal/term"
)

func ExampleClean() {
	fmt.Println(term.Clean("tenant\x1b[2J"), term.Clean("a\nb"), term.Clean(""))
	// Output: tenant\x1b[2J a\nb ""
}

func ExampleIsolate() {
	fmt.Printf("%+q\n", term.Isolate("שלום"))
	// Output: "\u2068\u05e9\u05dc\u05d5\u05dd\u2069"
}

func ExampleWidth() {
	fmt.Println(term.Width("cache"), term.Width("数据库"))
	// Output: 5 6
}

func ExampleFit() {
	fmt.Println(term.Fit("postgres-primary", 10), term.Fit("数据库连接池", 7))
	// Output: postgres-… 数据库…
}

func ExamplePadRight() {
	fmt.Printf("%s|\n", term.PadRight("数据", 6))
	// Output: 数据  |
}

func ExamplePadLeft() {
	fmt.Printf("%s|\n", term.PadLeft("12", 4))
	// Output:   12|
}

func ExampleShort() {
	fmt.Println(term.Short(1_240*time.Millisecond), term.Short(15*time.Microsecond), term.Short(125*time.Second))
	// Output: 1.24s 15µs 2m05s
}

func ExampleThousands() {
	fmt.Println(term.Thousands(9950), term.Thousands(12))
	// Output: 9,950 12
}

func ExamplePlural() {
	fmt.Println(term.Plural(1, "drop"), term.Plural(9950, "drop"))
	// Output: 1 drop 9,950 drops
}

func ExampleCut() {
	fmt.Println(term.Cut("a long text", 6), term.Cut("short", 6))
	// Output: a long… short
}

func ExampleBounded() {
	fmt.Println(term.Bounded("bad \xff byte", 100))
	// Output: bad � byte
}

// Two long names that begin alike stay two.
func ExampleWord() {
	long := strings.Repeat("x", 300)
	a, b := term.Word(long+"a"), term.Word(long+"b")
	fmt.Println(len(a) <= term.MaxName, a != b, term.Word("db"))
	// Output: true true db
}

func ExampleWords() {
	fmt.Println(term.Words([]string{"db", "cache"}))
	// Output: [db cache]
}

func ExampleError() {
	fmt.Println(term.Error(errors.New("disk full")))
	// Output: disk full
}

// A file is no terminal.
func ExampleColumns() {
	f, err := os.Open(os.DevNull)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	fmt.Println(term.Columns(f))
	// Output: 0
}
