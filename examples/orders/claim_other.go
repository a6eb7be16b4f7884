//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package main

import "os"

// canLock reports whether lock does anything here.
const canLock = false

// lock does nothing: this system has no flock.
func lock(*os.File) error { return nil }
