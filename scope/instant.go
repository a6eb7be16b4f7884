package scope

import "time"

// An instant is a reading of the monotonic clock, for ages: a third of the size
// of a [time.Time], read in half the time.
type instant time.Duration

// epoch is what instants count from. It is never changed.
var epoch = time.Now()

func instantNow() instant { return instant(time.Since(epoch)) }

// age is the time that has passed since i.
func (i instant) age() time.Duration { return time.Duration(instantNow() - i) }
