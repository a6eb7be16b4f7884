//go:build e2e

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/ebb-go/ebb/scope"
)

// The page in a real browser: Chromium, which has to be installed.
//
//	go test -tags e2e ./inspector

// start runs the program at the given pace until the test ends, and returns
// the address of its page.
func start(t *testing.T, pace time.Duration) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := newDemo(pace, t.Output())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error { return d.run(ctx, s, l) },
			scope.WithName("demo"), scope.WithInspector(&d.live))
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return "http://" + l.Addr().String()
}

// browse opens a tab, and fails the test for anything that a page says on the
// console, be it an exception or what the content security policy has refused.
func browse(t *testing.T) context.Context {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WindowSize(1400, 1000))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	messages := chromedp.Console(ctx)
	read := make(chan struct{})
	go func() {
		defer close(read)
		for m, err := range messages {
			if err == nil && !strings.Contains(m.Text, "ERR_CONNECTION_REFUSED") {
				t.Errorf("the page says on the console: %v", m)
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-read
	})
	return ctx
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// js runs a script. Its value does not matter.
func js(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void]("void (" + script + ")")
}

// until waits for a condition, checked at each frame that the page draws. It
// survives that the page is left for another.
func until(condition string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		for {
			ok, err := chromedp.Poll[bool]("Boolean("+condition+")", chromedp.WithPollingTimeout(20*time.Second))(ctx, tab)
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

// The element of the service, which stands inside the program's.
const service = `[...document.querySelectorAll("details.scope")].find(d => d.querySelector(":scope > summary bdi").textContent === "orders")`

// The link to the waterfall of the service's teardown.
const link = `[...document.querySelectorAll("#teardowns a[href]")].find(a => a.textContent === "demo/orders")`

// times counts the updates that the page has had.
const times = `(() => { window.updates = 0; new MutationObserver(() => window.updates++).observe(document.getElementById("pulse"), {childList: true}); })()`

func TestTeardownInABrowser(t *testing.T) {
	url := start(t, 2*time.Second)
	ctx := browse(t)

	// Open.
	do(t, ctx, chromedp.Navigate(url+"/debug/ebb/"), until(service))
	if got := eval[string](t, ctx, `document.querySelector("h1").textContent`); got != "ebb inspector" {
		t.Errorf("the page is headed %q", got)
	}

	// Expand the service: it stays so, and keeps the focus, over updates.
	do(t, ctx, js(service+`.querySelector("summary").click()`),
		js(service+`.querySelector("summary").focus()`),
		js(`window.kept = `+service),
		js(times), until(`window.updates >= 3`))
	for _, want := range []string{
		service + ` === window.kept`,
		service + `.open`,
		`document.activeElement === ` + service + `.querySelector("summary")`,
		`[...` + service + `.querySelectorAll("tbody th")].some(th => th.textContent === "postgres" && th.checkVisibility())`,
		service + `.querySelector("figure svg").checkVisibility()`,
	} {
		if !eval[bool](t, ctx, "Boolean("+want+")") {
			t.Errorf("after three updates not: %s", want)
		}
	}

	// Watch a teardown: the page says what the exit waits for, and the waves pass.
	do(t, ctx, js(`fetch("/stop", {method: "POST"})`),
		until(service+`?.classList.contains("is-dropping")`),
		until(service+`?.querySelector(".awaited")?.checkVisibility()`),
		until(`document.getElementById("status").textContent.includes("demo/orders is dropping and waits for")`),
		until(service+`?.querySelector(".waves .done")`))

	// Follow it to its waterfall.
	do(t, ctx, until(link), js(link+`.click()`),
		until(`document.title === "teardown of demo/orders"`))
	for _, want := range []string{
		`document.querySelector("figure svg").checkVisibility()`,
		`[...document.querySelectorAll("figure svg text")].some(t => t.textContent === "mailer")`,
		`document.body.textContent.includes("421 try again later")`,
		`document.documentElement.scrollWidth <= innerWidth`,
	} {
		if !eval[bool](t, ctx, "Boolean("+want+")") {
			t.Errorf("on the page of the teardown not: %s", want)
		}
	}

	// And back, where the service has started again and is still unfolded.
	do(t, ctx, chromedp.NavigateBack(), until(service+`?.classList.contains("is-open")`), until(service+`?.open`))
}

// The same without a mouse.
func TestTeardownByKeyboard(t *testing.T) {
	url := start(t, 300*time.Millisecond)
	ctx := browse(t)
	do(t, ctx, chromedp.Navigate(url+"/debug/ebb/"), until(service))

	// tab goes on until the condition holds.
	tab := func(condition string) {
		t.Helper()
		for range 60 {
			do(t, ctx, chromedp.KeyEvent(kb.Tab))
			if eval[bool](t, ctx, "Boolean("+condition+")") {
				return
			}
		}
		t.Fatalf("sixty times Tab did not get to: %s", condition)
	}
	tab(`document.activeElement.textContent === "Skip to the last teardowns"`)
	tab(`document.activeElement.id === "pause"`)
	tab(`document.activeElement === ` + service + `?.querySelector("summary")`)
	do(t, ctx, chromedp.KeyEvent(kb.Enter), until(service+`.open`), chromedp.KeyEvent(kb.Enter), until(`!`+service+`.open`))

	// What is gone in the next update leaves the focus to its section's heading.
	do(t, ctx, js(`(() => {
			const gone = document.createElement("button");
			gone.id = "gone";
			document.getElementById("scopes").append(gone);
			gone.focus();
		})()`), until(`!document.getElementById("gone")`), until(`document.activeElement.id === "scopes-head"`))

	do(t, ctx, js(`fetch("/stop", {method: "POST"})`), until(link))
	tab(`document.activeElement === ` + link)
	do(t, ctx, chromedp.KeyEvent(kb.Enter), until(`document.title === "teardown of demo/orders"`))
	tab(`document.activeElement.textContent === "← all scopes"`)
	do(t, ctx, chromedp.KeyEvent(kb.Enter), until(`document.querySelector("h1")?.textContent === "ebb inspector"`))

	// A pause holds the page still.
	tab(`document.activeElement.id === "pause"`)
	do(t, ctx, chromedp.KeyEvent(" "), until(`document.activeElement.getAttribute("aria-pressed") === "true"`),
		js(times), chromedp.KeyEvent(" "), until(`window.updates >= 1`))
}

// What a screen reader is told: each thing that can be used has a name, ids are
// unique, and the state of affairs is announced.
func TestPageForScreenReaders(t *testing.T) {
	url := start(t, 200*time.Millisecond)
	ctx := browse(t)
	do(t, ctx, chromedp.Navigate(url+"/debug/ebb/"), until(service),
		js(`fetch("/stop", {method: "POST"})`), until(link))
	for rule, want := range map[string]string{
		"usable elements have names": `[...document.querySelectorAll("a[href]:not([aria-hidden]), button, summary")].every(e => e.textContent.trim() !== "")`,
		"pictures have titles":       `[...document.querySelectorAll("svg[role=img]")].every(e => e.querySelector("title"))`,
		"ids are unique":             `(ids => new Set(ids).size === ids.length)([...document.querySelectorAll("[id]")].map(e => e.id))`,
		"the state is announced":     `document.getElementById("status").getAttribute("role") === "status"`,
		"columns have headings":      `[...document.querySelectorAll("table")].every(t => t.querySelectorAll("th[scope=col]").length > 0)`,
		"the page has a language":    `document.documentElement.lang === "en"`,
		"the page has one main":      `document.querySelectorAll("main").length === 1`,
		"headings skip no level":     `[...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map(h => +h.nodeName[1]).every((n, i, all) => i === 0 || n <= all[i-1] + 1)`,
	} {
		if !eval[bool](t, ctx, "Boolean("+want+")") {
			t.Errorf("%s: not so", rule)
		}
	}
}

// When the program is gone, the page says so and keeps the last state.
func TestPageOutlivesTheProgram(t *testing.T) {
	var url string
	ctx := browse(t)
	t.Run("program", func(t *testing.T) {
		url = start(t, 50*time.Millisecond)
		do(t, ctx, chromedp.Navigate(url+"/debug/ebb/"), until(service))
	})
	do(t, ctx, until(`!document.getElementById("lost").hidden`))
	text := eval[string](t, ctx, `document.getElementById("lost").textContent`)
	if !strings.HasPrefix(text, "No answer.") {
		t.Errorf("the page says %q", text)
	}
	if !eval[bool](t, ctx, `document.querySelector("details.scope") !== null`) {
		t.Error("the last state is gone")
	}
}
