package engine

// A Runner is what [Start] runs: a method on what it needs, so that starting it
// takes one allocation and not one for each closure on the way.
type Runner interface {
	// Run ends when the goroutine does, and contains its own panics.
	Run()
}

// Start calls r.Run on a goroutine of its own. Nobody here waits for it: it is
// for callers, as package scope, that count their goroutines themselves because
// they have to name those that they give up on. Use [Tasks] otherwise.
func Start(r Runner) { go r.Run() }
