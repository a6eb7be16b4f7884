package engine

import (
	"sync"

	"github.com/ebb-go/ebb/internal/fault"
)

// maxStacks bounds how many stacks one run keeps.
const maxStacks = 32

// stacks takes the stacks of goroutines that are stuck. Taking one stops the world and
// writes down the stacks of all goroutines. So the calls that come while one look is
// being taken share the next look: a wave of drops that hang costs two looks, however
// many drops there are.
type stacks struct {
	look sync.Mutex // held during a look

	mu    sync.Mutex // protects the following
	asked int        // the number of calls so far
	next  *look      // shared by the calls from now on; nil: there was none since the last look began
}

// A look is one stop of the world. Frames are added to found under mu until the look
// begins, and read under look once it has been taken.
type look struct {
	once  sync.Once
	found map[fault.Frame]string // by the call that the goroutine is in; filled in once
}

// of returns the stack of the goroutine that is in the call f, or "" if that call has
// returned or enough stacks have been taken. It blocks until a look is over that began
// after of was called.
func (s *stacks) of(f fault.Frame) string {
	l := s.ask(f)
	if l == nil {
		return ""
	}
	s.look.Lock()
	defer s.look.Unlock()
	l.once.Do(func() {
		// From here on no goroutine adds to this look, since it is no longer the next.
		s.mu.Lock()
		if s.next == l {
			s.next = nil
		}
		s.mu.Unlock()
		fault.Stacks(l.found)
	})
	return l.found[f]
}

// ask returns the look in which f will be searched for, and nil if enough stacks have
// been taken.
func (s *stacks) ask(f fault.Frame) *look {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked++; s.asked > maxStacks {
		return nil
	}
	if s.next == nil {
		s.next = &look{found: make(map[fault.Frame]string)}
	}
	s.next.found[f] = ""
	return s.next
}
