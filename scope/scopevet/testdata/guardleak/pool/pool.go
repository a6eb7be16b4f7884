// Package pool makes guards for another.
package pool

import "github.com/ebb-go/ebb/guard"

func Open() *guard.Guard[error] { // want Open:`makes\[0\]`
	return guard.New(error(nil), guard.Nothing)
}

var kept = Open()

func Kept() *guard.Guard[error] { return kept }
