package scope

import "time"

// An age is since when something has been there, counted from the epoch of its
// scope. It takes a third of the room of a [time.Time].
type age time.Duration

// ageLocked is the age of what begins now.
func (s *Scope) ageLocked() age {
	if s.epoch.IsZero() {
		s.epoch = time.Now()
		return 0
	}
	return age(time.Since(s.epoch))
}

// sinceLocked returns for how long what has that age has been there.
func (s *Scope) sinceLocked(a age) time.Duration { return time.Since(s.epoch) - time.Duration(a) }
