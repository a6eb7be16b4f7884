//go:build race

package engine_test

// scale is how much smaller large tests are, since the race detector makes all slower.
const scale = 5
