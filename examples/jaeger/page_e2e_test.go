//go:build e2e

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// pictures is where to write the pictures of the README.
//
//	server/run go test -tags e2e ./jaeger -run Page -pictures .
var pictures = flag.String("pictures", "", "write pictures of Jaeger's page to `DIR`")

// Jaeger's own page, in a browser, shows the trace as it is: timeline and
// critical path, what a drop says, the flame graph, and the search that finds
// it by how a drop went.
func TestPage(t *testing.T) {
	id, spans := stop(t)
	ctx := browse(t)
	do(t, ctx, chromedp.Navigate(pageURL()+"/trace/"+id), until(`document.querySelectorAll(".span-row").length > 20`))
	text := eval[string](t, ctx, `document.body.innerText`)
	for _, want := range []string{"shop: scope shop", fmt.Sprintf("Total Spans%d", len(spans)), "scope POST /refund"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not show %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "trace-without-root-span") {
		t.Error("the page shows no root")
	}

	// The requests folded, so that the teardown is seen as a whole.
	do(t, ctx, click(row("scope requests")+`.querySelector(".SpanTreeOffset--iconWrapper")`), until(row("drop config")))
	for _, name := range []string{"teardown shop", "drop mailer", "drop audit", "drop disk"} {
		if !eval[bool](t, ctx, row(name)+`.querySelector(".SpanBarRow--errorIcon") !== null`) {
			t.Errorf("%s is not marked as failed", name)
		}
	}
	for name, critical := range map[string]bool{
		"drop reports": true, "drop server": false, "drop audit": true, "drop mailer": false, "drop postgres": true, "drop redis": false, "drop config": true,
	} {
		if got := eval[bool](t, ctx, row(name)+`.querySelector(".SpanBar--criticalPath") !== null`); got != critical {
			t.Errorf("%s on the critical path that Jaeger draws: %v, want %v", name, got, critical)
		}
	}
	picture(t, ctx, "timeline.png", chromedp.CaptureScreenshot())

	do(t, ctx, click(row("drop audit")+`.querySelector(".span-name")`), until(`document.querySelector(".detail-row")`),
		click(`document.querySelector(".AccordianKeyValues--header")`), until(`document.querySelector(".KeyValueTable")`))
	picture(t, ctx, "drop.png", chromedp.Screenshot(".detail-row"))

	do(t, ctx, hover("over"), until(item("Trace Flamegraph")), click(item("Trace Flamegraph")),
		until(`document.querySelector("[data-testid=flamegraph-canvas]")?.height > 100`),
		hover("out"), until(`!`+item("Trace Flamegraph")+`?.checkVisibility()`))
	picture(t, ctx, "flamegraph.png", chromedp.CaptureScreenshot())

	do(t, ctx, chromedp.Navigate(pageURL()+"/search?limit=20&lookback=1h&service=shop&tags="+
		url.QueryEscape(`{"ebb.drop.outcome":"abandoned","ebb.guard.name":"audit","ebb.wave.index":"1"}`)),
		until(`document.querySelector("a[href*='/trace/`+id+`']")`))
}

// hover moves the mouse over, or out of, the button that opens the menu of views.
func hover(where string) chromedp.Action[chromedp.Void] {
	return js(`document.querySelector(".AltViewOptions").dispatchEvent(new MouseEvent("mouse` + where + `", {bubbles: true}))`)
}

// item is an item of the menu that has been opened, as a script.
func item(name string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(".ant-dropdown-menu-item")].find(i => i.textContent === %q)?.querySelector("a")`, name)
}

// row is the row of a span in the timeline, as a script.
func row(name string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(".span-row")].find(r => r.querySelector(".endpoint-name")?.textContent === %q)`, name)
}

// click clicks on an element, which is given as a script.
func click(element string) chromedp.Action[chromedp.Void] {
	return js(element + ".click()")
}

// js runs a script. Its value does not matter.
func js(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void]("void (" + script + ")")
}

// picture writes a picture of what the browser shows, if the test was asked to.
func picture(t *testing.T, ctx context.Context, name string, take chromedp.Action[[]byte]) {
	t.Helper()
	if *pictures == "" {
		return
	}
	png, err := chromedp.Run(ctx, take)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*pictures, name), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// browse opens a tab.
func browse(t *testing.T) context.Context {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WindowSize(1240, 1160))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// until waits for a condition, checked at each frame that the page draws.
func until(condition string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		for {
			ok, err := chromedp.Poll[bool]("Boolean("+condition+")", chromedp.WithPollingTimeout(30*time.Second))(ctx, tab)
			switch {
			case ok:
				return chromedp.Void{}, nil
			case ctx.Err() != nil, errors.Is(err, chromedp.ErrPollingTimeout):
				return chromedp.Void{}, fmt.Errorf("waited in vain for %s: %w", condition, err)
			}
		}
	}
}

// eval returns the value of an expression.
func eval[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}
