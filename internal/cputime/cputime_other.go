//go:build !unix

package cputime

import "time"

var started = time.Now()

// Now returns the time since the process was started.
func Now() time.Duration { return time.Since(started) }
