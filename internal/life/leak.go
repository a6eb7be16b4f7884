package life

import (
	"log/slog"
	"slices"
	"sync/atomic"

	"github.com/ebb-go/ebb/internal/fault"
)

// A Leak describes a thing that was garbage-collected without having been dropped.
// Package guard documents it for users, as a type of its own with the same fields.
type Leak struct{ Name, Type, Site, Stack string }

// attrs describes the leak for a log record.
func (l Leak) attrs() []any {
	attrs := []any{slog.String("guard", l.Name), slog.String("type", l.Type), slog.String("site", l.Site)}
	if l.Stack != "" {
		attrs = append(attrs, slog.String("stack", l.Stack))
	}
	return attrs
}

// watching is the one package variable besides the errors: what is notified of the
// guards of this process. It cannot belong to an object that the program passes
// around, as the one guard it is for is the guard that was passed on to nothing.
// It is an immutable value behind an atomic pointer, nil until something listens
// or a leak is logged, so that it costs a guard one load.
var watching atomic.Pointer[watchers]

// A watchers is immutable once it is stored: rewatch stores a changed copy.
type watchers struct {
	hooks  []*hook
	tracks []*track
	log    *queue // of log records; made for the first one and then kept
}

// rewatch replaces the watchers by what edit makes of a copy of them. With two at the same
// time one of them loses the compare-and-swap, and edits a copy of what the other has
// stored; so edit may be called more than once, and has no effect but on its copy.
func rewatch(edit func(w *watchers)) {
	for {
		old := watching.Load()
		w := new(watchers)
		if old != nil {
			w.hooks, w.tracks, w.log = slices.Clone(old.hooks), slices.Clone(old.tracks), old.log
		}
		edit(w)
		if len(w.hooks)+len(w.tracks) == 0 && w.log == nil {
			w = nil
		}
		if watching.CompareAndSwap(old, w) {
			return
		}
	}
}

// A hook is one function that OnLeak was given. It is foreign code: it may panic,
// call runtime.Goexit, block, or call this package. So it runs on goroutines of its
// own, never on the runtime's, which has other hooks to call and other leaks to
// report, and no lock is held.
type hook struct {
	report   func(Leak)
	calls    queue
	restored atomic.Bool // is not to be called again; terminal
	broken   atomic.Bool // it has panicked or called Goexit, and that was logged; terminal
}

// deliver queues the call of report, or logs the leak if there is no room. Whether the hook
// was restored is looked at again when the call's turn comes, as a report after restore is
// what its caller has asked not to get. The leak is logged then unless another hook gets it.
func (h *hook) deliver(l Leak) {
	queued := h.calls.add(func() {
		if h.restored.Load() {
			if w := watching.Load(); w == nil || len(w.hooks) == 0 { // nothing else reports it
				logLeak(l)
			}
			return
		}
		err := fault.Foreign(nil, func() { h.report(l) })
		if err == nil || h.broken.Swap(true) {
			return
		}
		attrs := append(l.attrs(), slog.String("error", fault.Text(err)))
		if p, ok := err.(*fault.PanicError); ok {
			attrs = append(attrs, slog.String("panic", string(p.Stack)))
		}
		logError("guard: a leak function did not return and was contained", attrs)
	})
	if !queued {
		logLeak(l)
	}
}

// OnLeak has report called for every leak that is found from now on, until restore is
// called. It is [guard.OnLeak].
//
// [guard.OnLeak]: https://pkg.go.dev/github.com/ebb-go/ebb/guard#OnLeak
func OnLeak(report func(Leak)) (restore func()) {
	h := &hook{report: report}
	rewatch(func(w *watchers) { w.hooks = append(w.hooks, h) })
	return func() {
		h.restored.Store(true)
		rewatch(func(w *watchers) {
			w.hooks = slices.DeleteFunc(w.hooks, func(other *hook) bool { return other == h })
		})
	}
}

// logLeak is the report where no hook is to get it.
func logLeak(l Leak) {
	logError("guard: forgotten, collected without having been dropped", l.attrs())
}

// logError logs at level Error without waiting for the handler, which is foreign
// code. A record that a thousand others are waiting in front of is lost: the
// handler takes none.
func logError(text string, attrs []any) {
	var log *queue
	rewatch(func(w *watchers) {
		if w.log == nil {
			w.log = new(queue)
		}
		log = w.log
	})
	log.add(func() { fault.Contain(func() { slog.Error(text, attrs...) }) })
}
