package scope

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/ebb-go/ebb/internal/life"
)

// frameKind says what function a frame stands for.
type frameKind uint8

const (
	bodyFrame    frameKind = iota // the function given to Run; for a child, its whole life
	taskFrame                     // a task
	daemonFrame                   // a daemon
	dropFrame                     // a drop function
	openingFrame                  // an open function: owns no nested scopes, records what it uses
)

// dropWay says how a drop has come about.
type dropWay uint8

const (
	dropInTeardown dropWay = iota // maybe with early drops beside it
	dropAlone                     // in a teardown without, where nothing can be abandoned either
	dropEarly                     // asked for while the scope lived
	dropUnowned                   // likewise, of what its scope no longer accepted
)

// A frame is the context that a scope hands to one function of the user's, so
// that what is called with that context can find whose it is: a nested Run its
// owner, a Use the guard that is being opened, an ExitOf its scope.
//
// It keeps the context it wraps because it is a context itself, and a scope keeps
// the one that it was opened in; nothing else in the package stores one that it
// was merely passed.
type frame struct {
	context.Context

	s     *Scope
	node  *node // of an opening, a daemon or a drop
	kind  frameKind
	way   dropWay // of a drop
	apart bool    // of an attempt to open a lazy, and the drop of what came of it unwanted: callers wait for it, each on its own
	asked bool    // guarded by s.mu: a daemon that was asked to stop, for what it nests

	// live is one while the function runs, and one more for each lexical child. The
	// body's counts the tasks too. At zero, which is terminal, the frame has ended.
	// It is changed with s.mu held, but for a drop that ends alone.
	live atomic.Int32
	// idle, guarded by s.mu, is made by the goroutine that waits for live to be zero, and
	// closed when it is.
	idle chan struct{}
	// more is what few frames have; nil for none.
	more atomic.Pointer[frameMore]
}

// frameMore is what few frames have. (Apart, since every node, task and scope has a
// frame.)
type frameMore struct {
	stopping *listeners // guarded by the scope's mu: what waits for the frame to be asked to stop; nil for none
	pins     pins       // values of slots that it keeps
}

// makeMore returns what few frames have, to be set.
func (f *frame) makeMore() *frameMore {
	if f.more.Load() == nil {
		f.more.CompareAndSwap(nil, new(frameMore))
	}
	return f.more.Load()
}

// begin makes f the context of a function of s that is about to be called.
func (f *frame) begin(ctx context.Context, s *Scope, kind frameKind) {
	f.Context, f.s, f.kind = ctx, s, kind
	f.live.Store(1)
}

type frameKey struct{}

// frameOf returns the innermost frame in ctx, which may be an opening, or nil.
func frameOf(ctx context.Context) *frame {
	if f, ok := ctx.(*frame); ok {
		return f // as it was handed out: the usual case, and 15 ns less
	}
	f, _ := ctx.Value(frameKey{}).(*frame)
	return f
}

// lexicalFrameOf returns the frame whose lexical child a Run on ctx is, or nil.
func lexicalFrameOf(ctx context.Context) *frame {
	f := frameOf(ctx)
	for f != nil && f.kind == openingFrame {
		f = frameOf(f.Context)
	}
	return f
}

// Value answers for the frame itself and leaves the rest to the context that it
// wraps. Deriving a context from a frame costs no goroutine, since package
// context finds its own cancellation below.
func (f *frame) Value(key any) any {
	if _, ok := key.(frameKey); ok { // one word to compare, where == would call a function
		return f
	}
	if _, ok := key.(borrowKey); ok && f.kind != openingFrame {
		return f.s.borrowed // so that no context of anyone else's is asked
	}
	if f.s.foreign && life.IsKey(key) {
		return nil // likewise: what is around a foreign context is not looked for
	}
	return f.Context.Value(key)
}

// String keeps fmt from printing a scope field by field, which would race.
func (f *frame) String() string { return fmt.Sprintf("scope(%q)", f.s.Path()) }

// outer returns the frame around f: that of the context in which a guard is
// opened, else the one in which the scope of f was made.
func (f *frame) outer() *frame {
	if f.kind == openingFrame {
		return frameOf(f.Context)
	}
	return f.s.opener
}

// task is a function that a scope runs and waits for. It is also the context
// that the function gets.
type task struct {
	frame

	name     string
	fn       func(ctx context.Context) error
	index    int                            // counts the tasks of the scope
	returned bool                           // fn has returned: written and read on the task's goroutine
	reported bool                           // its error is known to the scope; likewise
	echo     bool                           // its error only repeats the cause; likewise
	err      error                          // of fn, or what it came to instead of returning
	panicked *PanicError                    // which is err; nil if it did not panic
	done     func(err error, returned bool) // passes the result on, the first time; may be nil

	// Guarded by the scope's mu.
	prev, next *task
	started    age
	abandoned  bool
}

// An opening is the context of an open function while it runs, in the list of its
// scope: a start-up that hangs is named by what it is opening, in a snapshot and in
// the error of the wait that gave it up.
type opening struct {
	frame
	name   string
	opener *frame // the function that opens: a body, a task, a daemon or a drop, of whatever scope; may be nil

	// Guarded by the scope's mu.
	prev, next *opening
	since      age
}

// A borrowing is the context of a function that borrows a value.
type borrowing struct {
	context.Context
	node  *node
	outer *borrowing
	over  atomic.Bool
}

type borrowKey struct{}

// borrowingOf returns the innermost borrowing that ctx is in, or nil.
func borrowingOf(ctx context.Context) *borrowing {
	b, _ := ctx.Value(borrowKey{}).(*borrowing)
	return b
}

// Value answers for the borrower.
func (b *borrowing) Value(key any) any {
	if _, ok := key.(borrowKey); ok {
		return b
	}
	return b.Context.Value(key)
}
