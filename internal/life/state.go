package life

// A State is what may be done with a value:
//
//	Empty ── Live ───┬── Draining ── Dropping ── Dropped
//	          ╎      │
//	         Given ──┴── Released
//
// States move only down the list, but for Given, which is left upwards when a container
// gives its value back. So a state that was read without the lock, as Value.Peek does, may
// be old when it is used, but a value that was gone stays gone, unless a container has it.
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

// Refusal returns the error of a use of a value in state s. It allocates nothing, and the
// error is one of four that callers may compare with ==.
func (s State) Refusal() error {
	switch s {
	case Given:
		return ErrOwned
	case Released, Live: // live: to a container that gave it back
		return ErrReleased
	}
	return ErrDropped
}

// stateOf returns the state whose refusal is err, for a value that was refused from the
// start. Empty stands for ErrDropped: such a value owes nothing, and its drop returns nil.
func stateOf(err error) State {
	switch err {
	case ErrReleased:
		return Released
	case ErrOwned:
		return Given
	}
	return Empty
}

// ended reports whether no drop is to come or running, so that Done is closed.
func (s State) ended() bool { return s == Empty || s >= Dropped }
