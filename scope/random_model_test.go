package scope_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// A model is what a random program knows of itself: plain lists of what it has
// opened, what it has returned and what it has been told. It knows nothing of how
// ebb works, only what ebb promises:
//
//   - what was opened is dropped once or handed out once, never both;
//   - a drop begins after all that depends on it has ended, unless that has
//     overrun its time;
//   - no error is lost: each is returned to a caller, or logged as a late one;
//   - a Run that returns nil has shown its drops an exit that succeeded;
//   - what Run started has ended when it returns, unless a limit could cut it;
//   - the exit takes no longer than its grace, but for the millisecond of what finds
//     no time left;
//   - nothing is left running in the end.
type model struct {
	t    *testing.T
	seed uint64

	mu      sync.Mutex
	things  []*thing
	faults  []*injected
	handles []held // of things, of whatever scope
	runs    map[*scope.Scope]*runRecord
	trees   int // calls of DropTree that have not returned
	steps   int // that are left
	free    sync.WaitGroup

	began  time.Time
	events []string // what was done, for who has to find out why
}

// thing is a value of the program that has to be given up.
type thing struct {
	id    int
	name  string
	under []*thing     // edges that ebb must keep: what this one depends on
	above []*thing     // likewise, of the children around it; left behind when it moves
	in    *scope.Scope // that holds it
	by    *attempt     // the open function that has acquired it, which may fail and give it up; nil for none

	daemon         bool
	lent           bool // it was borrowed once
	asked          int  // calls of Drop that have not returned
	opened, handed bool
	drops          int
	dropCtx        context.Context // from its drop on
	ended          bool
}

// attempt is one call of an open function.
type attempt struct {
	around *attempt // the open function that it was called in; nil for none
	failed bool
}

// givesUpLocked reports whether what the attempt has acquired is given up.
func (o *attempt) givesUpLocked() bool {
	for ; o != nil; o = o.around {
		if o.failed {
			return true
		}
	}
	return false
}

// held is a handle, and the scope that it was made in.
type held struct {
	*scope.Handle[*thing]
	s  *scope.Scope
	th *thing
}

// injected is an error that the program returns, or panics with, on purpose.
type injected struct {
	id     int
	where  string
	heard  bool
	exempt bool // by contract, it may be told to no one
}

func (e *injected) Error() string { return fmt.Sprintf("injected %d by %s", e.id, e.where) }

// runRecord is one scope of the program.
type runRecord struct {
	around   *runRecord
	options  []string
	limited  bool // something can cut what runs in it
	grace    time.Duration
	running  int       // tasks that have not ended, those of what is nested too
	badExit  string    // a drop has seen an exit other than Succeeded
	canceled time.Time // its context
	left     time.Time // the body has returned
}

// below reports whether r is other, or inside of it.
func (r *runRecord) below(other *runRecord) bool {
	for ; r != nil; r = r.around {
		if r == other {
			return true
		}
	}
	return false
}

func newModel(t *testing.T, seed uint64) *model {
	return &model{t: t, seed: seed, runs: make(map[*scope.Scope]*runRecord), steps: 60, began: time.Now()}
}

// errorf reports a broken promise.
func (m *model) errorf(format string, args ...any) {
	m.t.Errorf("seed %d: %s", m.seed, fmt.Sprintf(format, args...))
}

// note keeps an event.
func (m *model) note(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.noteLocked(format, args...)
}

func (m *model) noteLocked(format string, args ...any) {
	m.events = append(m.events, fmt.Sprintf("%8v %s", time.Since(m.began), fmt.Sprintf(format, args...)))
}

// step reports whether the program may do one more thing.
func (m *model) step() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.steps--
	return m.steps >= 0
}

// inject makes an error that has to be heard.
func (m *model) inject(where string, what ...string) *injected {
	m.mu.Lock()
	defer m.mu.Unlock()
	// What loses a race is discarded, and who opens a lazy may have gone.
	e := &injected{id: len(m.faults), where: where, exempt: where == "race" || where == "lazy"}
	m.faults = append(m.faults, e)
	m.noteLocked("%v %v", e, what)
	return e
}

// hear takes note of what a caller was told.
func (m *model) hear(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hearLocked(err)
}

func (m *model) hearLocked(err error) {
	switch e := err.(type) {
	case nil:
		return
	case *injected:
		e.heard = true
	case *scope.PanicError:
		if v, ok := e.Value.(error); ok {
			m.hearLocked(v)
		}
		if x, ok := err.(interface{ Others() []error }); ok {
			for _, o := range x.Others() {
				m.hearLocked(o)
			}
		}
	}
	switch u := err.(type) {
	case interface{ Unwrap() error }:
		m.hearLocked(u.Unwrap())
	case interface{ Unwrap() []error }:
		for _, part := range u.Unwrap() {
			m.hearLocked(part)
		}
	}
}

// hearPanic takes note of what a caller was panicked with.
func (m *model) hearPanic(v any) {
	if err, ok := v.(error); ok {
		m.hear(err)
	}
}

// hearReport takes note of what a report has: it is the only place for what
// fails beside a body's panic or Goexit.
func (m *model) hearReport(r *trace.Report) {
	for _, e := range r.Entries {
		m.hear(e.Err)
		if !slices.Contains([]string{"ok", "error", "panic", "goexit", "timeout", "abandoned", "skipped"}, e.Outcome) {
			m.errorf("report of %s: entry %s has outcome %q", r.Scope, e.Name, e.Outcome)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.faults {
		if contains(r.Error, e.Error()) {
			e.heard = true
		}
	}
}

// contains reports whether text has line, not followed by a further digit or
// letter.
func contains(text, line string) bool {
	for rest := text; ; {
		_, after, found := strings.Cut(rest, line)
		if !found {
			return false
		}
		if after == "" || strings.ContainsRune(";)] \n", rune(after[0])) {
			return true
		}
		rest = after
	}
}

// Enabled, Handle, WithAttrs and WithGroup are the log of the program: what is
// told there only has been told.
func (m *model) Enabled(context.Context, slog.Level) bool { return true }
func (m *model) WithAttrs([]slog.Attr) slog.Handler       { return m }
func (m *model) WithGroup(string) slog.Handler            { return m }
func (m *model) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok {
			m.hear(err)
		}
		return true
	})
	return nil
}

// leftLocked takes note that th has moved: what is in a child on which its scope did not
// wait to the end no longer keeps it there.
func (m *model) leftLocked(th *thing) {
	for _, user := range m.things {
		user.above = slices.DeleteFunc(user.above, func(d *thing) bool { return d == th })
	}
}

// open adds a thing.
func (m *model) open(name string) *thing {
	m.mu.Lock()
	defer m.mu.Unlock()
	th := &thing{id: len(m.things)}
	th.name = fmt.Sprintf("%s-%d", name, th.id)
	m.things = append(m.things, th)
	return th
}

// attempted takes note that an open function has ended.
func (m *model) attempted(o *attempt, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o.failed = o.failed || !ok
}

// keep takes note that h holds its thing now, and depends on those of under
// whose drop has not begun: from now on it must not begin before this has ended.
func (m *model) keep(h held, th *thing, in *scope.Scope, under, above []held) {
	firmUnder, firmAbove := firm(under), firm(above)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.noteLocked("%s is kept: under %v, above %v, drops %d", th.name, names(firmUnder), names(firmAbove), th.drops)
	th.opened, th.in = true, in
	if th.drops == 0 { // else it was given up at once
		th.under = append(th.under, m.unaskedLocked(firmUnder)...)
		th.above = append(th.above, m.unaskedLocked(firmAbove)...)
	}
	if h.Handle != nil {
		m.handles = append(m.handles, h)
	}
}

// firm returns the things of those handles whose drop has not begun.
func firm(hs []held) (things []*thing) {
	for _, h := range hs {
		_ = h.Borrow(context.Background(), func(_ context.Context, v *thing) error {
			things = append(things, v)
			return nil
		})
	}
	return things
}

// unaskedLocked returns those whose drop no call is asking for, and no open function
// that has failed: one that has been asked for may be decided, though the value is not
// gone yet.
func (m *model) unaskedLocked(things []*thing) []*thing {
	if m.trees > 0 {
		return nil
	}
	return slices.DeleteFunc(things, func(th *thing) bool { return th.asked > 0 || th.by.givesUpLocked() })
}

func names(things []*thing) (names []string) {
	for _, th := range things {
		names = append(names, th.name)
	}
	return names
}

// begin takes note that the drop of th begins, and checks that nothing that
// depends on it is left.
func (m *model) begin(ctx context.Context, th *thing) {
	exit := scope.ExitOf(ctx)
	in, _ := scope.From(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.noteLocked("drop of %s begins", th.name)
	th.drops++
	th.opened, th.dropCtx = true, ctx
	for _, user := range m.things {
		if !slices.Contains(user.under, th) && !slices.Contains(user.above, th) || user.ended || user.handed || !user.opened {
			continue
		}
		// Where there is a limit, what has overrun its time is no longer waited
		// for: that was canceled, or lies in a nested scope that was abandoned, or
		// waited for its borrowers.
		if !m.limitedLocked() || user.in == th.in && !user.lent && (user.dropCtx == nil || user.dropCtx.Err() == nil) {
			m.errorf("the drop of %s begins before %s, which depends on it, has ended (its drop has begun: %v)",
				th.name, user.name, user.dropCtx != nil)
		}
	}
	if rec := m.runs[in]; rec != nil && th.by == nil && exit.Kind != scope.Succeeded {
		rec.badExit = fmt.Sprintf("the drop of %s saw %v", th.name, exit.Kind)
	}
}

func (m *model) limitedLocked() bool {
	for _, r := range m.runs {
		if r.limited {
			return true
		}
	}
	return false
}

func (m *model) end(th *thing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.noteLocked("%s has ended", th.name)
	th.ended = true
}

// everythingEnds waits until what the program has left behind has ended: what was
// abandoned sleeps, at the longest, for an hour.
func (m *model) everythingEnds() {
	time.Sleep(100 * time.Hour)
	synctest.Wait()
	m.free.Wait()
}

// check is for what has to hold when all has ended.
func (m *model) check() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, th := range m.things {
		if th.handed && th.drops > 0 {
			m.errorf("%s was handed out, and dropped", th.name)
		}
		if th.opened && !th.handed && !th.daemon && th.drops != 1 {
			m.errorf("%s was dropped %d times", th.name, th.drops)
		}
	}
	for _, e := range m.faults {
		if !e.heard && !e.exempt {
			m.errorf("no one was told: %v", e)
		}
	}
	if m.t.Failed() {
		m.t.Logf("what was done:\n%s", strings.Join(m.events, "\n"))
	}
}
