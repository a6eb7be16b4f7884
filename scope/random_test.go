package scope_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// everyTest is how many programs run in every test; a soak looks for new ones.
const everyTest = 20

// knownSeeds have found a fault once.
const knownSeeds = "testdata/random/seeds"

// TestRandomOperations runs random programs of all public operations, on several
// goroutines, with faults in whatever a program can do wrong, and checks each
// against a plain model: see model. Time is virtual, so that a wait for oneself is
// a deadlock of the bubble, and a budget that is overrun shows to the nanosecond.
//
// EBB_RANDOM is for how long to go on with new seeds (a duration; make soak), and
// EBB_SEED the one seed to run. A program is the same for the same seed; which of
// its goroutines comes first is not.
func TestRandomOperations(t *testing.T) {
	if seed := os.Getenv("EBB_SEED"); seed != "" {
		n, err := strconv.ParseUint(seed, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			runRandom(t, n)
		}
		return
	}
	text, err := os.ReadFile(knownSeeds)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		n, err := strconv.ParseUint(line, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", knownSeeds, err)
		}
		runRandom(t, n)
	}
	if long := os.Getenv("EBB_RANDOM"); long != "" {
		d, err := time.ParseDuration(long)
		if err != nil {
			t.Fatal(err)
		}
		first, n := uint64(time.Now().UnixNano()), uint64(0)
		t.Logf("new seeds begin with %d", first)
		for began := time.Now(); time.Since(began) < d && !t.Failed(); n++ {
			runRandom(t, first+n)
		}
		t.Logf("%d programs", n)
		return
	}
	for n := range uint64(everyTest) {
		runRandom(t, n)
	}
}

// runRandom runs the program of one seed as a subtest, so that a crash names it.
func runRandom(t *testing.T, seed uint64) {
	t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := newModel(t, seed)
			a := &actor{m: m, r: rand.New(rand.NewPCG(seed, 0)), ctx: context.Background()}
			a.run()
			m.everythingEnds()
			m.check()
		})
	})
}
