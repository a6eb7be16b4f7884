//go:build !unix

package engine_test

import "time"

var processStarted = time.Now()

// clockTime returns the time since the process was started.
func clockTime() time.Duration { return time.Since(processStarted) }
