//go:build !race

package scope_test

// scale is that of the race detector's tests, see race_test.go.
const scale = 1
