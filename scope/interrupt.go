package scope

import (
	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
)

// interrupt calls a function of [Interrupt], which may be nil.
func (s *Scope) interrupt(f func()) {
	if f != nil {
		engine.Start(interrupting{s, f})
	}
}

// interrupting is a call of a function of [Interrupt], for its goroutine.
type interrupting struct {
	s *Scope
	f func()
}

func (i interrupting) Run() { i.s.contained("interrupt", fault.Foreign(nil, i.f)) }
