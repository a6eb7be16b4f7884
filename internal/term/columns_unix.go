//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package term

import (
	"os"
	"syscall"
	"unsafe"
)

// Columns returns the columns of the terminal that f is, and 0 if it is
// none. It goes by the file's SyscallConn, since Fd would make it blocking.
func Columns(f *os.File) int {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0
	}
	var size struct{ rows, columns, x, y uint16 }
	failed := syscall.Errno(0)
	if err := conn.Control(func(fd uintptr) {
		_, _, failed = syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
	}); err != nil || failed != 0 {
		return 0
	}
	return int(size.columns)
}
