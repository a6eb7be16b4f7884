package scope_test

import (
	"syscall"
	"testing"
)

// TestMainSignal: SIGTERM and SIGINT cancel the scope with the signal as cause. The
// code is 128 and the number of the signal for a body that returns the signal's echo,
// and 0 for one that stops in order.
func TestMainSignal(t *testing.T) {
	for sig, code := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130} {
		for program, code := range map[string]int{"serves": code, "stops in order": 0} {
			p := runs(t, program)
			p.says("ready")
			p.signal(sig)
			p.says("dropped")
			p.exits(code)
		}
	}
}

// TestMainStopFirst: the signal asks, and cancels when three quarters of the grace
// have passed.
func TestMainStopFirst(t *testing.T) {
	p := runs(t, "stops first")
	p.says("ready")
	p.signal(syscall.SIGTERM)
	p.says("asked")
	p.says("canceled")
	p.exits(0)
}

// TestMainSignalAndFailure: 1, and a report.
func TestMainSignalAndFailure(t *testing.T) {
	p := runs(t, "fails on signal")
	p.says("ready")
	p.signal(syscall.SIGTERM)
	p.exits(1, `drop "db" (wave 0): boom`)
}

// TestMainSignalDuringAcquire: what was acquired is dropped, nothing else starts.
func TestMainSignalDuringAcquire(t *testing.T) {
	p := runs(t, "acquires")
	p.says("ready")
	p.signal(syscall.SIGTERM)
	p.says("dropped first")
	p.exits(143)
}

// TestMainOneKeystroke: signals within a second of the first are copies of it.
func TestMainOneKeystroke(t *testing.T) {
	p := runs(t, "is signaled twice at once")
	p.says("ready")
	p.signal(syscall.SIGINT)
	p.says("canceled")
	p.signal(syscall.SIGINT)
	p.signal(syscall.SIGTERM)
	p.types("go on")
	p.says("dropping")
	p.says("flushed")
	p.exits(0)
}

// TestMainSecondSignal ends every wait at once: what runs is abandoned, what has
// not started is skipped, both by name. Telemetry still has a second.
func TestMainSecondSignal(t *testing.T) {
	p := runs(t, "hangs in drop")
	p.says("ready")
	p.signal(syscall.SIGTERM)
	p.says("dropping")
	p.says("a second later")
	p.signal(syscall.SIGTERM)
	p.says("telemetry")
	p.exits(143, "api", "abandoned", "db", "skipped")

	for program, stderr := range map[string]string{
		"hangs in request":   `scope "app/request": "tx" abandoned`,
		"hangs in task":      `"worker" abandoned`,
		"hangs in body":      `"body" abandoned`,
		"hangs in telemetry": `"telemetry" abandoned`,
	} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			p := runs(t, program)
			p.says("ready")
			p.signal(syscall.SIGTERM)
			p.says("a second later")
			p.signal(syscall.SIGINT)
			p.exits(130, stderr)
		})
	}
}

// TestMainHungStart: one signal ends a start-up that hangs in an open function that
// knows no context. What was open is dropped, telemetry is shut down, the open is
// named, with the stack; what the body acquires or registers afterwards is dropped at
// once.
func TestMainHungStart(t *testing.T) {
	p := runs(t, "hangs in open")
	p.says("opening")
	p.signal(syscall.SIGTERM)
	p.says("journal flushed")
	p.says("legacy dropped")
	p.says("refused: true")
	p.says("later dropped")
	p.says("refused: true")
	p.says("telemetry flushed")
	p.exits(1, `scope "app": "body" abandoned: still running after`, "opening legacy", "scope_test.init.func", "main_test.go")
}
