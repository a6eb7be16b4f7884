package guard

import "github.com/ebb-go/ebb/internal/life"

// An Option says how a guard is reported if it is forgotten: [Name], [StackDepth] and
// [CallerSkip].
type Option interface{ option }

// An option is sealed by a method that is not exported.
type option = life.Option

// Name names the guard in leak reports and panics.
func Name(name string) Option { return life.Named(name) }

// StackDepth sets how many frames of the creating goroutine's stack are kept
// for the leak report. The default of 1 is the creation site alone; 0 records
// nothing, and makes the guard cheaper. Each frame costs some 30 ns when it is made.
func StackDepth(n int) Option { return life.Depth(n) }

// CallerSkip takes the creation site n frames above the caller of New, for a function
// that makes guards for its callers. The site and the stack begin there.
func CallerSkip(n int) Option { return life.Skip(n) }
