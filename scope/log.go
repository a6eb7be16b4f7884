package scope

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/ebb-go/ebb/internal/fault"
)

// logWait bounds how long a goroutine that logs waits for the log handler. A line is
// nearly always written before the call returns, and never holds anything up.
const logWait = time.Second

// warn writes a line of the log, with the scope's path in front. It is called with no
// lock held, for the handler is foreign code: it may panic, block, or call back.
func (s *Scope) warn(msg string, attrs ...slog.Attr) {
	attrs = append([]slog.Attr{slog.String("scope", s.Path())}, attrs...)
	err := within(time.Now().Add(logWait), func() {
		s.logger().LogAttrs(context.Background(), slog.LevelWarn, msg, attrs...)
	})
	if err != nil {
		s.contained("log handler", err)
	}
}

// logLast writes a line of a program that is about to end, and so does not report a handler
// that fails.
func logLast(log *slog.Logger, msg string, attrs []slog.Attr) {
	_ = within(time.Now().Add(logWait), func() {
		log.LogAttrs(context.Background(), slog.LevelError, msg, attrs...)
	})
}

// contained logs that foreign code panicked or called Goexit, once for each sort of
// code: one that is broken is so at every call. It does nothing about code that is
// only slow.
func (s *Scope) contained(sort string, err error) {
	if err == nil || err == fault.ErrStuck || !s.firstOf(sort) {
		return
	}
	attrs := []slog.Attr{slog.String("scope", s.Path()), slog.String("code", sort), slog.String("error", fault.Text(err))}
	if p, ok := err.(*PanicError); ok {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	logger := s.logger()
	if sort == "log handler" {
		logger = slog.Default() // maybe another one
	}
	_ = within(time.Now().Add(logWait), func() {
		logger.LogAttrs(context.Background(), slog.LevelError, "ebb: foreign code failed and was contained", attrs...)
	})
}

// firstOf reports whether it is asked about that sort of code for the first time.
func (s *Scope) firstOf(sort string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.exitStateLocked()
	if x.contained[sort] {
		return false
	}
	if x.contained == nil {
		x.contained = make(map[string]bool)
	}
	x.contained[sort] = true
	return true
}

// observerFailed gets what the recording of a run did instead of returning. It
// must not block, and logging can.
func (s *Scope) observerFailed(p *fault.PanicError) {
	_ = within(time.Now(), func() { s.contained("telemetry", p) })
}

// within calls foreign code and waits for it until end, or as long as it takes if that
// is the zero time. The error is that of [fault.Foreign].
func within(end time.Time, f func()) error {
	if end.IsZero() {
		return fault.Foreign(nil, f)
	}
	done := make(chan struct{})
	timer := time.AfterFunc(time.Until(end), func() { close(done) })
	defer timer.Stop()
	return fault.Foreign(done, f)
}

// maxNames bounds the names of what a slow or abandoned drop blocks.
const maxNames = 10

// atMost returns the first n names, then a count of the others.
func atMost(names []string, n int) []string {
	if len(names) <= n {
		return names
	}
	return append(slices.Clone(names[:n]), fmt.Sprintf("and %d more", len(names)-n))
}
