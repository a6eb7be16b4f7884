package engine

// A Runner is run by [Start]. It is a method on the values that it needs, so that
// starting a goroutine takes one allocation and not one for each closure on the way.
type Runner interface {
	// Run is the whole life of the goroutine, and contains its own panics.
	Run()
}

// Start calls r.Run on a goroutine of its own. This package does not wait for the
// goroutine. Start is for package scope, which counts its goroutines itself because it
// has to name those that it abandons; all other code uses the Tasks of package group.
func Start(r Runner) { go r.Run() }
