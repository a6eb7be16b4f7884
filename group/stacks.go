package group

import (
	"sync"

	"github.com/ebb-go/ebb/internal/fault"
)

// maxStacks bounds the stacks that one run keeps.
const maxStacks = 32

// stacks takes the stacks of goroutines that are stuck. To take one stops the
// world and writes down all that there are, so those who ask while one look is
// being taken are served together by the next: a wave of drops that hang costs
// two looks, however many they are.
type stacks struct {
	look sync.Mutex // held during a look

	mu    sync.Mutex // protects the following
	asked int        // how many have asked in all
	next  *look      // for those who ask now; nil: none has asked since the last began
}

// A look is one stop of the world.
type look struct {
	once  sync.Once
	found map[uint64]string // by goroutine; filled in once
}

// of returns the stack of a goroutine, or "" if it has ended or enough have been
// taken. It blocks until a look that began after the call has ended.
func (s *stacks) of(goroutine uint64) string {
	l := s.ask(goroutine)
	if l == nil {
		return ""
	}
	s.look.Lock()
	defer s.look.Unlock()
	l.once.Do(func() {
		// From here on no goroutine adds to the look: it is no longer the next.
		s.mu.Lock()
		if s.next == l {
			s.next = nil
		}
		s.mu.Unlock()
		fault.Stacks(l.found)
	})
	return l.found[goroutine]
}

// ask returns the next look, in which the goroutine will be searched for.
func (s *stacks) ask(goroutine uint64) *look {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked++; s.asked > maxStacks {
		return nil
	}
	if s.next == nil {
		s.next = &look{found: make(map[uint64]string)}
	}
	s.next.found[goroutine] = ""
	return s.next
}
