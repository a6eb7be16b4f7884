package life

import (
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
)

// An Origin is where a thing was made, and the hook that reports the thing if it is
// collected before it was dropped. The runtime holds the origin until then, so it
// must lead neither to the thing nor to its value, which may hold the thing:
// otherwise that would never be collected. All methods may be called on nil,
// the origin of a thing that is not tracked.
type Origin struct {
	name  string
	typ   reflect.Type
	depth int
	skip  int        // frames between the caller of New and what is recorded
	stack []uintptr  // innermost first
	site  [1]uintptr // is stack, if depth is 1
	lost  Loser      // nil for a guard

	dropped atomic.Uintptr // pc of the drop that began; 0 if not known. Atomic, as the text of a late use reads it at any time

	armed  bool            // protected by the lock of the life or share, as the following are
	hook   runtime.Cleanup // calls leaked
	tracks []*track        // those that were running when it was armed
}

// A Loser has the count of a handle, which the handle gives up when it is collected.
type Loser interface{ Lose() }

// An Option says how a thing is reported if it is forgotten. It is sealed: its method has
// no exported name. Package guard gives it, and those below, their public names.
type Option interface{ apply(*Origin) }

type optionFunc func(*Origin)

func (f optionFunc) apply(o *Origin) { f(o) }

// Named sets the name in reports.
func Named(name string) Option { return optionFunc(func(o *Origin) { o.name = name }) }

// Depth sets how many frames of the creating goroutine's stack are recorded.
func Depth(n int) Option { return optionFunc(func(o *Origin) { o.depth = max(n, 0) }) }

// Skip sets how many frames above the caller of New the stack begins.
func Skip(n int) Option { return optionFunc(func(o *Origin) { o.skip = max(n, 0) }) }

// Untracked is the option of a thing that is not reported: its owner does that. The
// guard is one allocation, and none of its handles is tracked.
var Untracked Option = untracked{}

type untracked struct{}

func (untracked) apply(*Origin) {}

// Tracks reports whether opts are those of a thing that has an origin.
func Tracks[O Option](opts []O) bool {
	for _, opt := range opts {
		if Option(opt) == Untracked {
			return false
		}
	}
	return true
}

// NewOrigin records the caller of the function skip frames above the one that calls it.
func NewOrigin[O Option](typ reflect.Type, skip int, opts []O) *Origin {
	o := &Origin{typ: typ, depth: 1}
	for _, opt := range opts {
		if Option(opt) != nil {
			opt.apply(o)
		}
	}
	if o.depth == 1 {
		o.stack = o.site[:runtime.Callers(skip+2+o.skip, o.site[:])]
	} else {
		o.record(skip + 1)
	}
	return o
}

// record keeps the stack of depth frames. For one frame, its callers call runtime.Callers
// by themselves: that takes the longer the more frames lie between.
func (o *Origin) record(skip int) {
	if o.depth > 0 {
		o.stack = make([]uintptr, o.depth)
		o.stack = o.stack[:runtime.Callers(skip+2+o.skip, o.stack)]
	}
}

// as returns a fresh origin of the same name, depth and place, for what the value is
// turned into. A hook belongs to one thing, so that two cannot share an origin.
func (o *Origin) as(typ reflect.Type) *Origin {
	if o == nil {
		return nil
	}
	return &Origin{name: o.name, typ: typ, depth: o.depth, stack: o.stack}
}

// ForHandle returns the origin of a handle that is made by the caller of the function
// skip frames above the one that calls it, and has a count with lost.
func (o *Origin) ForHandle(typ reflect.Type, skip int, lost Loser) *Origin {
	if o == nil {
		return nil
	}
	h := &Origin{name: o.name, typ: typ, depth: o.depth, lost: lost}
	if h.depth == 1 {
		h.stack = h.site[:runtime.Callers(skip+2, h.site[:])]
	} else {
		h.record(skip + 1)
	}
	return h
}

// Counted returns a fresh origin like o, of the same place, for a handle that is
// reported as the value itself would be, and has a count with lost.
func (o *Origin) Counted(lost Loser) *Origin {
	h := o.as(o.typeOrNil())
	if h != nil {
		h.lost = lost
	}
	return h
}

func (o *Origin) typeOrNil() reflect.Type {
	if o == nil {
		return nil
	}
	return o.typ
}

// Caller returns the caller of the function skip frames above the one that calls it;
// 0 if the origin keeps no sites. A program counter is kept and not its text: looking that
// up costs ten times as much, and is needed only for what goes wrong.
func (o *Origin) Caller(skip int) uintptr {
	if o == nil || o.depth == 0 {
		return 0
	}
	var pc [1]uintptr
	runtime.Callers(skip+2, pc[:])
	return pc[0]
}

// EndedAt notes where the drop was called that begins; 0 if that is not known. It is for
// the text of a use that comes too late.
func (o *Origin) EndedAt(pc uintptr) {
	if o != nil {
		o.dropped.Store(pc)
	}
}

// Name returns the name; "" without.
func (o *Origin) Name() string {
	if o == nil {
		return ""
	}
	return o.name
}

// DropSite returns "file:line" of the drop that has begun; "" if it is not known.
func (o *Origin) DropSite() string {
	if o == nil || o.dropped.Load() == 0 {
		return ""
	}
	return Place(o.dropped.Load())
}

// Label returns which thing it is: of a type, and of the name or site of the origin.
func (o *Origin) Label(typ string) string {
	switch {
	case o == nil:
		return typ
	case o.name != "":
		return strconv.Quote(o.name) + " (" + typ + ")"
	case len(o.stack) > 0:
		return typ + " made at " + Place(o.stack[0])
	}
	return typ
}

// Place returns "file:line" of a program counter that [runtime.Callers] gave, which is that
// of the instruction after the call; CallersFrames takes care of it.
func Place(pc uintptr) string {
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
