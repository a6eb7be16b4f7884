package scope_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// The cells of the matrix: every fault, at every place, under every schedule,
// with and without a grace, whatever the caller's context does.
var (
	faults    = []string{"ok", "error", "panic", "goexit", "slow", "honours", "forever"}
	places    = []string{"body", "task", "daemon", "acquire", "drop"}
	schedules = []scope.Schedule{scope.Waves, scope.Eager, scope.Sequential}
	contexts  = []string{"alive", "before", "during"}
)

const (
	matrixGrace = 8 * time.Second
	hangs       = 100 * time.Second // when nobody abandons it, what hangs is let go
	canceledAt  = 1 * time.Second   // in the cells "during", half-way into what has the fault
)

var errGone = errors.New("caller is gone")

// A cell is one run of this scope, of which one function has the fault:
//
//	api      -> cache -> db
//	consumer -> cache        (a daemon)
//	log                      (used by nobody)
//	worker                   (a task)
type cell struct {
	fault, place, ctx string
	schedule          scope.Schedule
	grace             time.Duration

	release chan struct{} // closed when what hangs is let go
	began   time.Time
	logs    logs
	spans   spans
	report  *trace.Report

	mu       sync.Mutex
	seq      int              // counts starts and ends
	starts   map[string][]int // of each function
	ends     map[string][]int //
	bodyEnd  time.Duration    //
	drained  time.Duration    // when body and task had both ended
	canceled time.Duration    // when the scope's context had been canceled; hangs*10 before
	kept     []string         // what was registered
}

// TestFaultMatrix: whatever goes wrong, wherever, every guard has exactly one
// outcome, the order is kept, Run returns within the grace, all errors are told
// and in order, nothing is left running but what was abandoned and is named, and
// report, spans and log agree with what happened.
func TestFaultMatrix(t *testing.T) {
	for _, place := range places {
		for _, fault := range faults {
			for _, schedule := range schedules {
				for _, grace := range []time.Duration{0, matrixGrace} {
					for _, ctx := range contexts {
						name := fmt.Sprintf("%s/%s/%v/grace=%v/%s", place, fault, schedule, grace, ctx)
						t.Run(name, func(t *testing.T) {
							x := &cell{fault: fault, place: place, ctx: ctx, schedule: schedule, grace: grace}
							synctest.Test(t, x.test)
						})
					}
				}
			}
		}
	}
}

func (x *cell) test(t *testing.T) {
	x.began = time.Now()
	x.release = make(chan struct{})
	x.starts, x.ends = map[string][]int{}, map[string][]int{}
	x.canceled = 10 * hangs
	letGo := sync.OnceFunc(func() { close(x.release) })
	timer := time.AfterFunc(hangs, letGo)
	ctx, cancel := context.WithCancelCause(t.Context())
	switch x.ctx {
	case "before":
		cancel(errGone)
	case "during":
		time.AfterFunc(canceledAt, func() { cancel(errGone) })
	}
	c := calls(func() error {
		return scope.Run(ctx, x.body, scope.WithName("x"), scope.WithSchedule(x.schedule), scope.WithGrace(x.grace),
			scope.WithTracerProvider(&x.spans), x.logs.with(), reported(&x.report))
	})
	// What was counted when Run returned is compared with what was abandoned;
	// before those are let go, nothing else may be left.
	synctest.Wait()
	running := x.running()
	left, stacks := bubble()
	timer.Stop()
	letGo()
	cancel(nil)
	synctest.Wait()

	told, exit := x.wants()
	wantTold(t, c, told...)
	if x.report == nil {
		t.Fatal("no report")
	}
	if x.report.Exit != exit {
		t.Errorf("exit %q, want %q", x.report.Exit, exit)
	}
	if c.err != nil && x.report.Error != c.err.Error() {
		t.Errorf("report says %q, Run %q", x.report.Error, c.err)
	}
	var abandoned []string
	for _, part := range told {
		if name, ok := strings.CutPrefix(part, "abandoned "); ok {
			abandoned = append(abandoned, name)
		}
		if name, ok := strings.CutSuffix(part, ": abandoned"); ok {
			abandoned = append(abandoned, strings.TrimPrefix(name, "drop "))
		}
	}
	if !slices.Equal(running, abandoned) {
		t.Errorf("still running %q, abandoned %q", running, abandoned)
	}
	if len(abandoned) == 0 && left > 0 {
		t.Errorf("%d goroutines left:\n%s", left, stacks)
	}
	x.checkAbandoned(t, c, abandoned)
	x.checkTime(t, c.took)
	x.checkEntries(t, told)
	x.checkOrder(t)
	x.checkSpans(t)
	x.checkLogs(t, abandoned)
}

// body is the function given to Run.
func (x *cell) body(ctx context.Context, s *scope.Scope) error {
	context.AfterFunc(s.Context(), func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.canceled = time.Since(x.began)
	})
	x.start("body")
	defer x.ended("body")
	keep := func(name string, h scope.Node, err error) {
		if err != nil {
			panic(err)
		}
		x.kept = append(x.kept, name)
		if h.Name() != name {
			panic(h.Name())
		}
	}
	db, err := scope.Acquire(ctx, s, "db", opens("db"), x.drops("db"))
	keep("db", db, err)
	cache, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (string, error) {
		return "cache of " + db.Use(ctx), nil
	}, x.drops("cache"))
	keep("cache", cache, err)
	log, err := scope.Register(s, "log", guard.New("log", x.drops("log")))
	keep("log", log, err)
	consumer, err := s.Daemon("consumer", x.consumer, scope.DependsOn(cache))
	keep("consumer", consumer, err)
	why := s.TryGo("worker", x.worker)
	if refused := x.ctx == "before"; refused != errors.Is(why, errGone) || !refused && why != nil {
		panic(fmt.Sprint("task: ", why))
	}
	api, err := scope.Acquire(ctx, s, "api", func(ctx context.Context) (string, error) {
		if x.place == "acquire" {
			x.start("acquire")
			defer x.ended("acquire")
			return "api", x.act(ctx)
		}
		return "api", nil
	}, x.drops("api"), scope.DependsOn(cache))
	if err != nil {
		return err
	}
	keep("api", api, nil)
	switch x.place {
	case "body":
		return x.act(ctx)
	case "daemon": // which is to have its fault before it is asked, unless "during"
		time.Sleep(time.Millisecond)
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
	}
	return nil
}

func (x *cell) worker(ctx context.Context) error {
	x.start("worker")
	defer x.ended("worker")
	if x.place == "task" {
		return x.act(ctx)
	}
	select {
	case <-ctx.Done():
	case <-time.After(100 * time.Millisecond):
	}
	return nil
}

func (x *cell) consumer(ctx context.Context) error {
	x.start("consumer")
	defer x.ended("consumer")
	if x.place == "daemon" {
		time.Sleep(time.Microsecond) // until all is registered
		return x.act(ctx)
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

func (x *cell) drops(name string) func(context.Context, string) error {
	return func(ctx context.Context, v string) error {
		x.start(name)
		defer x.ended(name)
		if ctx.Err() != nil {
			panic("the context of a drop is dead from the start")
		}
		if x.place == "drop" && name == "cache" {
			return x.act(ctx)
		}
		return nil
	}
}

// act has the fault.
func (x *cell) act(ctx context.Context) error {
	if x.ctx == "during" {
		time.Sleep(2 * canceledAt)
	}
	switch x.fault {
	case "error":
		return errBoom
	case "panic":
		panic("kaboom")
	case "goexit":
		runtime.Goexit()
	case "slow":
		time.Sleep(2 * time.Second)
	case "honours":
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-x.release:
		}
	case "forever":
		<-x.release
	}
	return nil
}

func (x *cell) start(name string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.seq++
	x.starts[name] = append(x.starts[name], x.seq)
}

func (x *cell) ended(name string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.seq++
	x.ends[name] = append(x.ends[name], x.seq)
	at := time.Since(x.began)
	switch name {
	case "body":
		x.bodyEnd = at
		x.drained = max(x.drained, at)
	case "worker":
		x.drained = max(x.drained, at)
	}
}

func (x *cell) running() (names []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for name := range x.starts {
		if len(x.starts[name]) != len(x.ends[name]) {
			names = append(names, name)
		}
	}
	return names
}

// wants says what Run has to tell, and the exit case: the table of faults.
func (x *cell) wants() (told []string, exit string) {
	canceled := x.ctx == "before" || x.ctx == "during" && x.place != "drop"
	exit = "succeeded"
	if canceled {
		exit = "canceled"
	}
	switch x.place {
	case "body", "acquire":
		switch {
		case x.fault == "error":
			return []string{"boom"}, "failed"
		case x.fault == "panic":
			return []string{"panics kaboom"}, "panicked"
		case x.fault == "goexit":
			return []string{"goexit"}, "exited"
		case x.fault == "honours" && canceled:
			return []string{errGone.Error()}, exit
		}
	case "task":
		switch {
		case x.ctx == "before": // and so was never started
		case x.fault == "error":
			return []string{"task worker: boom"}, "failed"
		case x.fault == "panic":
			return []string{"panics PanicError kaboom"}, "panicked"
		case x.fault == "goexit":
			return []string{"task worker: runtime.Goexit was called"}, "failed"
		case x.fault == "honours" && canceled:
			return []string{errGone.Error()}, exit
		case x.fault == "forever" && canceled && x.grace > 0:
			return []string{"abandoned worker"}, "failed"
		}
	case "daemon":
		asked := x.ctx == "during"
		switch {
		case x.fault == "error" && asked:
			return []string{"drop consumer: error"}, exit
		case x.fault == "error":
			return []string{"task consumer: boom"}, "failed"
		case x.fault == "panic" && asked:
			return []string{"panics PanicError kaboom"}, exit
		case x.fault == "panic":
			return []string{"panics PanicError kaboom"}, "panicked"
		case x.fault == "goexit" && asked:
			return []string{"drop consumer: goexit"}, exit
		case x.fault == "goexit":
			return []string{"task consumer: runtime.Goexit was called"}, "failed"
		case x.fault == "forever" && x.grace > 0:
			return []string{"drop consumer: abandoned"}, exit
		}
	case "drop":
		switch {
		case x.fault == "error" || x.fault == "panic" || x.fault == "goexit":
			return []string{"drop cache: " + x.fault}, exit
		case x.fault == "honours" && x.grace > 0:
			return []string{"drop cache: timeout"}, exit
		case x.fault == "forever" && x.grace > 0:
			return []string{"drop cache: abandoned"}, exit
		}
	}
	if canceled {
		return []string{errGone.Error()}, exit // Run is nil only if the drops have seen Succeeded
	}
	return nil, exit
}
