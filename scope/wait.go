package scope

import (
	"context"

	"github.com/ebb-go/ebb/internal/fault"
)

// Wait blocks until the scope is asked to stop or is canceled, or ctx ends. It is what
// the body of a service ends with:
//
//	return s.Wait(ctx)
//
// Wait returns nil if the scope was asked to stop, or canceled by a signal of [Main] or
// [WithSignals]: then the service has stopped in order. Otherwise it returns the cause
// that the scope was canceled with, also if ctx is the scope's own context; and the
// cause of ctx if that ends first. It may be called from any goroutine. Once the scope
// has closed it returns at once.
func (s *Scope) Wait(ctx context.Context) error {
	select {
	case <-Stopping(&s.body):
	case <-ctx.Done():
	}
	cause := s.cause()
	s.mu.Lock()
	asked := s.stopReasonLocked()
	s.mu.Unlock()
	switch _, signal := cause.(*SignalError); {
	case signal, asked != nil && (cause == nil || cause == errEnded || fault.Same(cause, asked)):
		return nil
	case cause != nil:
		return cause
	}
	return context.Cause(ctx)
}
