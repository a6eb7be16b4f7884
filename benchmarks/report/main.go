// Command report writes the table of goals into the README, from the raw text
// of the benchmarks.
//
//	go run ./report [-results results] [-readme README.md] [-check]
//
// With -check it writes nothing, and ends with exit code 1 if the README is not
// what it would write.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/ebb-go/ebb/benchmarks/internal/result"
)

// What stands between these lines of the README is written by this program.
const (
	begin = "<!-- goals: written by report from results/, not by hand -->"
	end   = "<!-- end of goals -->"
)

func main() {
	results := flag.String("results", "results", "the directory with the raw text")
	readme := flag.String("readme", "README.md", "the file to write the table into")
	check := flag.Bool("check", false, "only find out whether the table is right")
	flag.Parse()
	if err := run(*results, *readme, *check); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(results, readme string, check bool) error {
	set, err := result.ReadDir(results)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	text, err := replace(string(old), Table(set))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", readme, err)
	case text == string(old):
		return nil
	case check:
		return fmt.Errorf("%s does not say what %s does; run make report", readme, results)
	}
	return os.WriteFile(readme, []byte(text), 0o644)
}

// replace puts table between the two lines.
func replace(text, table string) (string, error) {
	before, rest, ok := strings.Cut(text, begin+"\n")
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", fmt.Errorf("no lines %q and %q", begin, end)
	}
	return before + begin + "\n" + table + end + after, nil
}

// Table is the table of goals as Markdown.
func Table(set *result.Set) string {
	var b strings.Builder
	rows := set.Rows()
	runs := 0
	for _, r := range rows {
		runs = max(runs, r.Runs)
	}
	if runs > 0 {
		fmt.Fprintf(&b, "\n%d runs on %s/%s, %s. The number is the median of the runs, in brackets the smallest and the largest.\n",
			runs, set.Config["goos"], set.Config["goarch"], set.Config["cpu"])
	}
	b.WriteString("\n| scenario | what | goal | measured | reached |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.Scenario, r.What, r.Limit(), r.Measured(), r.Verdict())
	}
	b.WriteString("\n")
	return b.String()
}
