// Page writes Jaeger's own page to a folder, for Jaeger to serve. A Jaeger that
// was built from its module has none: its page is built from another repository
// and comes with the images only. This one is Jaeger UI 1.68, unchanged, as
// another project has packed it for Go.
//
//	go run ./page DIR
package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	jaegerui "github.com/tonistiigi/jaeger-ui-rest"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: page DIR")
		os.Exit(2)
	}
	if err := write(jaegerui.FS(jaegerui.Config{}), "/", os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "page:", err)
		os.Exit(1)
	}
}

// write writes the file or folder at name to path.
func write(from http.FileSystem, name, path string) error {
	f, err := from.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.IsDir() {
		text, err := io.ReadAll(f)
		if err != nil {
			return err
		}
		return os.WriteFile(path, bytes.Replace(text, filled(), []byte(blank), 1), 0o644)
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	entries, err := f.Readdir(0)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := write(from, filepath.ToSlash(filepath.Join(name, e.Name())), filepath.Join(path, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// blank is where Jaeger writes its configuration into the page.
const blank = "const JAEGER_CONFIG = DEFAULT_CONFIG;"

// filled is what has been written there meanwhile.
func filled() []byte {
	text, _ := jaegerui.Config{}.Inject("index.html", []byte(blank))
	return text
}
