package layers_test

import (
	"go/format"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeProgram takes the program out of the README as a reader would, runs
// it, and compares what it prints with the Example that it is to be.
func TestReadmeProgram(t *testing.T) {
	const source = "scope/example_readme_test.go"
	program := programOf(t, read(t, "README.md"))
	if formatted, err := format.Source([]byte(program)); err != nil || string(formatted) != program {
		t.Fatalf("it is not formatted, %v:\n%s", err, program)
	}

	code, output := exampleOf(t, read(t, source))
	if code != program {
		t.Errorf("README.md has\n%s\n%s has\n%s", program, source, code)
	}
	main := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(main, []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "go", "run", main)
	run.Dir = root // the module that has ebb
	got, err := run.CombinedOutput()
	if err != nil || string(got) != output {
		t.Errorf("it prints\n%swant\n%s%v", got, output, err)
	}
}

// programOf returns the only program in a document.
func programOf(t *testing.T, document string) string {
	t.Helper()
	var programs []string
	for _, m := range regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(document, -1) {
		programs = append(programs, m[1])
	}
	if len(programs) != 1 {
		t.Fatalf("%d programs, want one", len(programs))
	}
	return programs[0]
}

// exampleOf returns the example of a file as the program that it would be, and
// what it prints.
func exampleOf(t *testing.T, file string) (program, output string) {
	t.Helper()
	code, comment, found := strings.Cut(file, "\t// Output:\n")
	if !found {
		t.Fatal("no output")
	}
	for _, line := range strings.Split(strings.TrimSuffix(comment, "}\n"), "\n") {
		output += strings.TrimPrefix(strings.TrimPrefix(line, "\t// "), "\t//") + "\n"
	}
	code = regexp.MustCompile(`(?m)^package \w+$`).ReplaceAllString(code, "package main")
	code = regexp.MustCompile(`(?m)^// Example_.*\n(?:// .*\n)*func Example_\w+\(`).ReplaceAllString(code, "func main(")
	return code + "}\n", strings.TrimSuffix(output, "\n")
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every file that a document links to, or shows a picture of, is there.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	links := 0
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".md" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			to, err := url.Parse(m[1])
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if to.Scheme != "" || to.Path == "" {
				continue
			}
			links++
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), filepath.FromSlash(to.Path))); err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if links < 20 {
		t.Errorf("%d links: this tests nothing", links)
	}
}
