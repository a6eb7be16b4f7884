package life

// A State says what may be done with a value. States move only down this list, but
// for Given, which is left upwards when a container gives its value back.
type State uint32

const (
	Empty    State = iota // the zero value, which owes nothing; terminal
	Live                  // usable; left by a drop, a release and by being given away
	Given                 // a container uses and drops it; left by the container's doing
	Draining              // a drop was asked for and waits for borrowers; left when Begin finds none
	Dropping              // the drop function runs; left by End
	Dropped               // the drop function has ended; terminal
	Released              // the value went out undropped; terminal
)

// Refusal returns the error of a use of a value in state s.
func (s State) Refusal() error {
	switch s {
	case Given:
		return ErrOwned
	case Released, Live: // live: to a container that gave it back
		return ErrReleased
	}
	return ErrDropped
}

// stateOf returns the state whose refusal is err.
func stateOf(err error) State {
	switch err {
	case ErrReleased:
		return Released
	case ErrOwned:
		return Given
	}
	return Empty
}

// ended reports whether no drop is to come or running.
func (s State) ended() bool { return s == Empty || s >= Dropped }
