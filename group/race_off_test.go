//go:build !race

package group_test

// scale is how much smaller large tests are.
const scale = 1
