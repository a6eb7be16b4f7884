package life

import "runtime"

// Arm sets the hook, if o is not nil and has not set it: when p is collected, o is
// reported. The lock that protects o is held, or nothing else has it.
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
// nothing else.
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

// leak describes the thing for a report.
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
