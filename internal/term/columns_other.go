//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package term

import "os"

// Columns returns 0: of these systems the width is not asked for.
func Columns(*os.File) int { return 0 }
