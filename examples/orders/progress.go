package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// newProgress returns what to call with the number of orders acknowledged so
// far, from any goroutine, and what to call at the end. In
// a file or a pipe no bar is drawn.
func newProgress(w io.Writer, total int) (set func(n int), finish func()) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func(int) {}, func() {}
	}
	bar := progressbar.NewOptions(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription("orders acknowledged"),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(30),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionThrottle(50*time.Millisecond),
	)
	// The bar is a picture: that one could not be drawn costs nothing else.
	return func(n int) { bar.Set(n) }, func() { bar.Exit() }
}
