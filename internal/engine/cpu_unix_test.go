//go:build unix

package engine_test

import (
	"syscall"
	"time"
)

// clockTime returns the processor time that the process has used: what other processes
// take meanwhile is not in it.
func clockTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
