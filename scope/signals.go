package scope

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
	"weak"
)

// oneKeystroke is for how long signals after the first are taken to be copies of
// it: a terminal signals the whole process group, and the wrapper that a program
// runs under passes its own copy on.
const oneKeystroke = time.Second

// lastSecond is how long telemetry still has after the second signal.
const lastSecond = time.Second

// setSignals replaces the watch of s. It is part of the options, which come before
// the scope opens.
func (s *Scope) setSignals(watched []os.Signal, stopFirst bool) {
	if len(watched) == 0 {
		watched = []os.Signal{os.Interrupt, syscall.SIGTERM} // none would be all
	}
	w := &signals{
		watched: watched, stopFirst: stopFirst,
		force: make(chan struct{}), last: make(chan struct{}), ended: make(chan struct{}),
		caught: make(chan os.Signal, 8), // none of them waits for the watch
	}
	if p := s.parent; p != nil && p.inherited != nil {
		w.outer = p.inherited.force
	}
	s.makeConfig().signals = w
	shared := s.own()
	shared.force, shared.last = w.force, w.last
}

// watchSignals starts the watch, if there is to be one, when the scope is open.
func (s *Scope) watchSignals() {
	if s.config == nil || s.config.signals == nil {
		return
	}
	w := s.config.signals
	signal.Notify(w.caught, w.watched...)
	watched := weak.Make(s)
	w.watch.Go(func(context.Context) error {
		w.run(watched)
		return nil
	})
}

// end ends the watch, when nothing of the scope is left to end early.
func (w *signals) end() {
	w.stop()
	_ = w.watch.Wait()
}

// stop asks the watch to end.
func (w *signals) stop() {
	w.once.Do(func() {
		signal.Stop(w.caught)
		close(w.ended)
	})
}

// run is the watch. It does not keep the scope, which may be one that Open has made
// and that is forgotten: then there is nothing left to end.
func (w *signals) run(watched weak.Pointer[Scope]) {
	var began time.Time
	var last <-chan time.Time
	force := func(cause *SignalError) {
		w.second.Store(cause)
		if s := watched.Value(); s != nil {
			s.cancelFor(cause) // if it was only asked to stop
		}
		close(w.force)
		last = time.After(lastSecond)
	}
	outer := w.outer
	for {
		select {
		case <-w.ended:
			return
		case <-outer:
			outer = nil
			if last == nil {
				close(w.force)
				last = time.After(lastSecond)
			}
		case <-last:
			// From here on a signal does what it does to any process, in
			// case something foreign hangs all the same.
			close(w.last)
			signal.Stop(w.caught)
			last = nil
		case sig := <-w.caught:
			cause := &SignalError{sig}
			switch {
			case began.IsZero():
				began = time.Now()
				w.first.Store(cause)
				switch s := watched.Value(); {
				case s == nil:
				case w.stopFirst:
					s.Stop(cause)
				default:
					s.cancelFor(cause)
				}
			case w.second.Load() == nil && last == nil && time.Since(began) >= oneKeystroke:
				force(cause)
			}
		}
	}
}

// WithSignals lets signals end the scope, for a command or an embedded program that
// does not own main; SIGINT and SIGTERM without arguments. The first signal asks
// the scope to stop, with a [*SignalError] as cause, as [Scope.Stop] does; when
// three quarters of the grace have passed, the scope is canceled with it. A second
// signal, at least a second after the first, ends every wait: what is running is
// abandoned and what has not started is skipped, all by name. The body of a Run
// is the caller's code, and is waited for all the same. WithSignals is an option
// of [Run] and [Open]; [Main] has it already. Of two the later counts.
func WithSignals(sig ...os.Signal) Option {
	return funcOption(func(s *Scope) { s.setSignals(sig, true) })
}

// WithStopFirst lets the first signal ask the scope of [Main] to stop, instead of
// canceling it: contexts stay alive until three quarters of the grace have
// passed, and what listens to [Stopping] can finish what it has begun.
func WithStopFirst() Option {
	return funcOption(func(s *Scope) {
		if w := s.makeConfig().signals; w != nil {
			w.stopFirst = true
		} else {
			s.reject("WithStopFirst is an option of Main")
		}
	})
}
