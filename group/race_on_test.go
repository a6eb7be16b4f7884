//go:build race

package group_test

// scale is how much smaller large tests are, since the race detector makes all slower.
const scale = 5
