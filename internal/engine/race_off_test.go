//go:build !race

package engine_test

// scale is how much smaller large tests are.
const scale = 1
