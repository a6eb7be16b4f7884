// Package trace is what ebb shows: spans and metrics, the report of a
// teardown, and the live inspector page.
package trace
