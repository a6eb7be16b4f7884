// Package shortbody defines an analyzer that reports bodies which start daemons and
// return at once.
//
// # Analyzer shortbody
//
// shortbody: report a body that starts a daemon and returns at once
//
// When the body of a Run or Main returns, its scope waits for tasks, and then drops
// its daemons: a daemon does not keep a scope open. A body that starts daemons and
// returns stops them before they have done anything.
//
// The check reports a path from the start of a daemon to a return of nil on which
// nothing waits:
//
//	scope.Main(func(ctx context.Context, s *scope.Scope) error {
//		if _, err := s.Daemon("consumer", consume); err != nil {
//			return err
//		}
//		return nil // the consumer is stopped here: want s.Wait(ctx)
//	})
//
// Any call of a function that may block counts as one that waits. A body that starts
// tasks is not reported, since its scope waits for these.
package shortbody
