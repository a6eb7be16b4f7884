//go:build race

package scope_test

// scale divides the sizes of large tests: the race detector makes a guard twenty
// times as expensive, and what it looks for shows at a tenth of the size.
const scale = 10
