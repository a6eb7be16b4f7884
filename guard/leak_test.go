package guard_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/internal/life"
)

// collect calls forget, which leaves nothing behind but garbage, and returns the
// first n leaks that the runtime reports of it.
func collect(t *testing.T, n int, forget func()) []guard.Leak {
	t.Helper()
	found := make(chan guard.Leak, 100)
	defer guard.OnLeak(func(l guard.Leak) {
		if strings.HasPrefix(l.Name, t.Name()) {
			found <- l
		}
	})()
	onOwnStack(forget)
	runtime.GC()
	var leaks []guard.Leak
	for range n {
		select {
		case l := <-found:
			leaks = append(leaks, l)
		case <-t.Context().Done():
			t.Fatal("no leak was reported")
		}
	}
	return leaks
}

// onOwnStack calls fn where it leaves no dead pointers on the caller's stack.
func onOwnStack(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

// here returns "file:line" of its caller's line, plus offset.
func here(offset int) string {
	_, file, line, _ := runtime.Caller(1)
	return fmt.Sprintf("%s:%d", file, line+offset)
}

func TestLeakNamesTheGuard(t *testing.T) {
	var site string
	l := collect(t, 1, func() {
		guard.New(new(bytes.Buffer), guard.Nothing, guard.Name(t.Name()))
		site = here(-1)
	})[0]
	if l.Type != "*bytes.Buffer" || l.Site != site || l.Stack != "" {
		t.Errorf("%+v, want the site %s", l, site)
	}
}

func TestLeakStackDepth(t *testing.T) {
	for depth, want := range map[int]int{-1: 0, 0: 0, 1: 0, 2: 2, 3: 3} {
		l := collect(t, 1, func() {
			func() { guard.New(1, guard.Nothing, guard.Name(t.Name()), guard.StackDepth(depth)) }()
		})[0]
		if n := strings.Count(l.Stack, "\n\t"); n != want || (l.Site == "") != (depth < 1) {
			t.Errorf("depth %d: %d frames, site %q:\n%s", depth, n, l.Site, l.Stack)
		}
		if want > 0 && !strings.Contains(l.Stack, "TestLeakStackDepth") {
			t.Errorf("depth %d: %s", depth, l.Stack)
		}
	}
}

// CallerSkip moves the site and the stack to the caller of a function that makes
// guards for others.
func TestLeakCallerSkip(t *testing.T) {
	newConn := func(depth int) {
		guard.New(1, guard.Nothing, guard.Name(t.Name()), guard.StackDepth(depth), guard.CallerSkip(1))
	}
	for _, depth := range []int{1, 2} {
		var site string
		l := collect(t, 1, func() {
			_, file, line, _ := runtime.Caller(0)
			newConn(depth)
			site = fmt.Sprintf("%s:%d", file, line+1)
		})[0]
		if l.Site != site || depth > 1 && !strings.Contains(l.Stack, site) {
			t.Errorf("depth %d: %+v, want the site %s", depth, l, site)
		}
	}
}

// What was dropped, released, mapped away or owned is no leak; what an owner gave
// back is again. The three leaks at the end show that a collection took place.
func TestNoLeak(t *testing.T) {
	ctx := t.Context()
	makes := func(what string) *guard.Guard[int] {
		return guard.New(1, guard.Nothing, guard.Name(t.Name()+" "+what))
	}
	leaks := collect(t, 3, func() {
		makes("dropped").Drop(ctx)
		makes("released").Release()
		own(makes("owned"))
		guard.Map(makes("mapped and dropped"), func(v int) int { return v }).Drop(ctx)
		guard.Share(makes("shared and dropped")).Drop(ctx)
		guard.NewMutex(makes("locked and dropped")).Drop(ctx)
		l := guard.NewLazy(func(context.Context) (*guard.Guard[int], error) { return makes("lazy and dropped"), nil })
		h, _ := l.Get(ctx)
		h.Drop(ctx)
		l.Drop(ctx)
		guard.NewTable[int, int]().Drop(ctx)

		disowned := makes("disowned")
		own(disowned)
		disown(disowned)
		guard.Map(makes("mapped"), func(v int) string { return "" })
		unshared, _ := guard.Share(makes("unshared")).Unshare()
		_ = unshared
	})
	seen := map[string]string{}
	for _, l := range leaks {
		seen[strings.TrimPrefix(l.Name, t.Name()+" ")] = l.Type
	}
	if len(seen) != 3 || seen["disowned"] != "int" || seen["mapped"] != "string" || seen["unshared"] != "int" {
		t.Errorf("leaks: %v", seen)
	}
}

// Containers that are forgotten: their guards are reported, with their own sites.
func TestForgottenContainers(t *testing.T) {
	sites := map[string]bool{}
	makes := func() *guard.Guard[int] {
		sites[here(1)] = true
		return guard.New(1, guard.Nothing, guard.Name(t.Name()))
	}
	leaks := collect(t, 4, func() {
		guard.NewMutex(makes())
		table := guard.NewTable[int, int]()
		table.TryInsert(1, makes())
		guard.Try(makes(), nil)
		l := guard.NewLazy(func(context.Context) (*guard.Guard[int], error) { return makes(), nil })
		h, _ := l.Get(t.Context())
		h.Drop(t.Context())
	})
	for _, l := range leaks {
		if !sites[l.Site] || l.Type != "int" {
			t.Errorf("%+v", l)
		}
	}
}

// A handle that is forgotten is reported with the site that made it, and gives up
// its count: the others still drop the value.
func TestForgottenHandle(t *testing.T) {
	drop, calls := counted(nil)
	var a *guard.Shared[int]
	var site string
	l := collect(t, 1, func() {
		a = guard.Share(guard.New(1, drop, guard.Name(t.Name())))
		a.Clone()
		site = here(-1)
	})[0]
	if l.Site != site || l.Type != "*guard.Shared[int]" {
		t.Errorf("%+v, want the site %s", l, site)
	}
	if a.Refs() != 1 || a.Drop(t.Context()) != nil || calls.Load() != 1 {
		t.Errorf("%d refs, %d drops", a.Refs(), calls.Load())
	}
}

// When all are forgotten nothing drops the value, and nothing is resurrected.
func TestForgottenHandles(t *testing.T) {
	drop, calls := counted(nil)
	var w *guard.Weak[int]
	collect(t, 2, func() {
		a := guard.Share(guard.New(1, drop, guard.Name(t.Name())))
		a.Clone()
		w = a.Downgrade()
	})
	if _, ok := w.Upgrade(); ok || calls.Load() != 0 {
		t.Errorf("%d drops", calls.Load())
	}
}

// The default is one record at level Error; OnLeak functions replace it, all of
// them are called, and each is restored by itself.
func TestDefaultLeakHook(t *testing.T) {
	var log lockedBuffer
	log.written = make(chan string, 100)
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(old)
	onOwnStack(func() { guard.New(1, guard.Nothing, guard.Name(t.Name()), guard.StackDepth(2)) })
	runtime.GC()
	for text := range log.written {
		if !strings.Contains(text, t.Name()) {
			continue // of another test
		}
		if !strings.Contains(text, "level=ERROR") || !strings.Contains(text, "type=int") || !strings.Contains(text, "leak_test.go:") {
			t.Errorf("logged %s", text)
		}
		break
	}

	first, second := make(chan guard.Leak, 100), make(chan guard.Leak, 100)
	forget := func() {
		onOwnStack(func() { guard.New(1, guard.Nothing, guard.Name(t.Name())) })
		runtime.GC()
	}
	to := func(c chan<- guard.Leak) func(guard.Leak) {
		return func(l guard.Leak) {
			if l.Name == t.Name() { // not of another test
				c <- l
			}
		}
	}
	restore := guard.OnLeak(to(first))
	guard.OnLeak(to(first))()
	defer guard.OnLeak(to(second))()
	forget()
	<-first
	<-second
	restore()
	restore() // twice is harmless
	forget()
	<-second
	if len(first) != 0 {
		t.Error("called after it was restored")
	}
}

type lockedBuffer struct{ written chan string }

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.written <- string(p)
	return len(p), nil
}

// Track knows at once, in the order of making.
func TestTrack(t *testing.T) {
	ctx := t.Context()
	before := guard.New(0, guard.Nothing, guard.Name("before"))
	stop := guard.Track()
	outer := guard.Track()
	a := guard.New(1, guard.Nothing, guard.Name("a"))
	b := guard.New(2, guard.Nothing, guard.Name("b"))
	h := guard.Share(guard.New(3, guard.Nothing, guard.Name("c")))
	clone, _ := h.Clone()
	owned := guard.New(4, guard.Nothing, guard.Name("owned"))
	own(owned)
	lent := guard.New(5, guard.Nothing, guard.Name("lent"))
	own(lent)
	disown(lent)
	a.Drop(ctx)
	h.Drop(ctx)
	unowned := guard.New(6, guard.Nothing, life.Untracked)
	var text []string
	for _, l := range stop() {
		text = append(text, l.Name+" "+l.Type)
	}
	if got := strings.Join(text, ", "); got != "b int, c *guard.Shared[int], lent int" {
		t.Errorf("left: %s", got)
	}
	b.Drop(ctx)
	clone.Drop(ctx)
	lent.Drop(ctx)
	if left := outer(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	guard.DropAll(ctx, before, owned, unowned)
}
