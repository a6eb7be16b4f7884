package life

import "runtime"

// Arm sets the hook, if o is not nil and has not set it: when p is collected, o is
// reported. The lock that protects o is held, or nothing else has it.
//
// The tracks that are running get the origin in the same moment. A track that begins
// meanwhile may get it or not: a track is for what is made after it began.
func Arm[P any](o *Origin, p *P) {
	if o == nil || o.armed {
		return
	}
	o.armed = true
	o.hook = runtime.AddCleanup(p, leaked, o)
	if w := watching.Load(); w != nil {
		for _, t := range w.tracks {
			o.tracks = append(o.tracks, t)
			t.add(o)
		}
	}
}

// Disarm takes the hook away that Arm has set for p. It keeps p reachable until that
// is done: a drop is often the last use of a handle, and between reading the origin
// and stopping the hook the runtime could find the handle collected, report a guard
// that is just being dropped, and give up its count a second time.
func Disarm[P any](o *Origin, p *P) {
	if o != nil {
		o.disarm()
	}
	runtime.KeepAlive(p)
}

// disarm is Disarm for an origin that is not nil. A hook that was stopped does not run
// afterwards. One that has begun to run found the thing unreachable, which it is not while
// Disarm's caller has it.
func (o *Origin) disarm() {
	if !o.armed {
		return
	}
	o.armed = false
	o.hook.Stop()
	for _, t := range o.tracks {
		t.remove(o)
	}
	o.tracks = nil
}

// leaked is the leak hook of the runtime. The thing is gone, so that o is used by
// nothing else. It runs on a goroutine of the runtime that has the hooks of the whole
// program to run, so it takes no lock that is held for long, and calls nothing foreign: the
// reports are handed to queues.
func leaked(o *Origin) {
	if o.lost != nil {
		o.lost.Lose()
	}
	l := o.leak()
	w := watching.Load()
	if w == nil || len(w.hooks) == 0 {
		logLeak(l)
		return
	}
	for _, h := range w.hooks {
		h.deliver(l)
	}
}

// leak describes the thing for a report. Here, and in no place that is passed by a thing in
// order, the program counters become text.
func (o *Origin) leak() Leak {
	l := Leak{Name: o.name, Type: o.typ.String()}
	if len(o.stack) > 0 {
		l.Site = Place(o.stack[0])
	}
	if len(o.stack) > 1 {
		l.Stack = format(o.stack)
	}
	return l
}
