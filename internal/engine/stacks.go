package engine

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
	found map[fault.Frame]string // by the call that the goroutine is in; filled in once
}

// of returns the stack of the goroutine that is in the call f, or "" if it has ended or enough have been
// taken. It blocks until a look that began after the call has ended.
func (s *stacks) of(f fault.Frame) string {
	l := s.ask(f)
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
	return l.found[f]
}

// ask returns the next look, in which f will be searched for.
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
