package guard

import (
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
)

// An Option says how a guard is reported if it is forgotten.
type Option interface{ apply(*origin) }

type optionFunc func(*origin)

func (f optionFunc) apply(o *origin) { f(o) }

// Name names the guard in leak reports and panics.
func Name(name string) Option {
	return optionFunc(func(o *origin) { o.name = name })
}

// StackDepth sets how many frames of the creating goroutine's stack are kept
// for the leak report. The default of 1 is the creation site alone; 0 records
// nothing, and makes the guard cheaper. Each frame costs some 30 ns when it is made.
func StackDepth(n int) Option {
	return optionFunc(func(o *origin) { o.depth = max(n, 0) })
}

// CallerSkip takes the creation site n frames above the caller of New, for a function
// that makes guards for its callers. The site and the stack begin there.
func CallerSkip(n int) Option {
	return optionFunc(func(o *origin) { o.skip = max(n, 0) })
}

// An origin is where a guard was made, and the hook that reports the guard if it is
// collected before it was dropped. The runtime holds the origin until then, so it
// must lead neither to the guard nor to the value, which may hold the guard:
// otherwise the guard would never be collected. All methods may be called on nil,
// the origin of a guard that is not tracked.
type origin struct {
	name  string
	typ   reflect.Type
	depth int
	skip  int        // frames between the caller of New and what is recorded
	stack []uintptr  // innermost first
	site  [1]uintptr // is stack, if depth is 1
	lost  *tally     // has the count of the handle; nil for a guard

	dropped atomic.Uintptr // pc of the Drop that began; 0 if not known. Atomic, as a goneError reads it at any time

	armed  bool            // protected by the mu of the guard or share, as the following are
	hook   runtime.Cleanup // calls leaked
	tracks []*track        // those that were running when it was armed
}

// newOrigin records the caller of the function skip frames above the one that
// calls it.
func newOrigin(typ reflect.Type, skip int, opts []Option) *origin {
	o := &origin{typ: typ, depth: 1}
	for _, opt := range opts {
		if opt != nil {
			opt.apply(o)
		}
	}
	o.record(skip + 1)
	return o
}

func (o *origin) record(skip int) {
	o.stack = o.site[:]
	if o.depth != 1 {
		o.stack = make([]uintptr, o.depth)
	}
	if o.depth > 0 {
		o.stack = o.stack[:runtime.Callers(skip+2+o.skip, o.stack)]
	}
}

// as returns a fresh origin of the same name, depth and place, for what the
// guarded value is turned into.
func (o *origin) as(typ reflect.Type) *origin {
	if o == nil {
		return nil
	}
	return &origin{name: o.name, typ: typ, depth: o.depth, stack: o.stack}
}

// arm sets the hook, if o is not nil and has not set it: when p is collected, o
// is reported.
func arm[P any](o *origin, p *P) {
	if o == nil || o.armed {
		return
	}
	o.armed = true
	o.hook = runtime.AddCleanup(p, leaked, o)
	if w := watching.Load(); w != nil {
		for _, t := range w.tracks {
			o.tracks = append(o.tracks, t)
			t.add(o)
		}
	}
}

// disarm takes the hook away that arm has set for p. It keeps p reachable until that
// is done: a Drop is often the last use of a handle, and between reading the origin
// and stopping the hook the runtime could find the handle collected, report a guard
// that is just being dropped, and give up its count a second time.
func disarm[P any](o *origin, p *P) {
	if o != nil {
		o.disarm()
	}
	runtime.KeepAlive(p)
}

func (o *origin) disarm() {
	if !o.armed {
		return
	}
	o.armed = false
	o.hook.Stop()
	for _, t := range o.tracks {
		t.remove(o)
	}
	o.tracks = nil
}

// caller returns the caller of the function skip frames above the one that
// calls it; 0 if the origin keeps no sites.
func (o *origin) caller(skip int) uintptr {
	if o == nil || o.depth == 0 {
		return 0
	}
	var pc [1]uintptr
	runtime.Callers(skip+2, pc[:])
	return pc[0]
}

func (o *origin) endedAt(pc uintptr) {
	if o != nil {
		o.dropped.Store(pc)
	}
}

// leak describes the guard for a report.
func (o *origin) leak() Leak {
	l := Leak{Name: o.name, Type: o.typ.String()}
	if len(o.stack) > 0 {
		l.Site = place(o.stack[0])
	}
	if len(o.stack) > 1 {
		l.Stack = format(o.stack)
	}
	return l
}

// label says which thing it is: of a type, and of the name and site of origin o,
// which may be nil.
func label(typ string, o *origin) string {
	switch {
	case o == nil:
		return typ
	case o.name != "":
		return strconv.Quote(o.name) + " (" + typ + ")"
	case len(o.stack) > 0:
		return typ + " made at " + place(o.stack[0])
	}
	return typ
}

// place returns "file:line" of a program counter that [runtime.Callers] gave.
func place(pc uintptr) string {
	f, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return fmt.Sprintf("%s:%d", f.File, f.Line)
}

// format writes a stack as a panic does.
func format(stack []uintptr) string {
	var b strings.Builder
	for frames, more := runtime.CallersFrames(stack), true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		fmt.Fprintf(&b, "%s\n\t%s:%d\n", f.Function, f.File, f.Line)
	}
	return b.String()
}
