// Package scopetest tests what a scope does, and what a program's own scopes
// do, in virtual time: which drop waits for which, what a fault in one place
// does to all others, and how long an exit takes.
//
//	synctest.Test(t, func(t *testing.T) {
//		st := scopetest.New(t)
//		db := st.Guard("db")
//		api := st.Guard("api", db) // api depends on db
//		st.Exit()
//		api.WantDropping()
//		db.WantIdle()
//		api.Finish(nil)
//		db.WantDropping()
//	})
//
// # Usage
//
// [New] opens a scope, whose body goes on until the test says [Tester.Exit]. In it
// stand guards, daemons, tasks and children whose every step is the test's: a
// [StandIn] runs until it is told how to end, by [StandIn.Finish],
// [StandIn.FinishAfter], [StandIn.FinishPanic], [StandIn.FinishGoexit] or
// [StandIn.Hang]. It may be told before it runs, too. The scope is a real one:
// [Tester.Scope] and [Tester.Context] are what a program's own code is given, so
// stand-ins can surround real guards, depend on them and be depended on.
//
// What a test and its parallel subtests have in common stands in a scope made by
// [Open], in real time: it lives as long as the test, and its exit is reported to it.
//
// Where the code under test calls [scope.Run] itself, [NewStandIn] makes a function
// to hand to it as a task, a daemon or a drop, and [WantOrder], [WantWaves],
// [WantOutcome], [WantWithin] and [WantClean] judge the report that its
// [scope.WithReport] receives. [WantPlan] needs no teardown at all: it holds the
// edges that were recorded so far against those that are meant.
//
// # Promises
//
// Every method whose name begins with Want waits first until all goroutines of the
// bubble are blocked, by [synctest.Wait]; so what it sees is final until the test
// or the clock moves on, and nothing is retried. A Want that fails marks the test
// as failed and goes on.
//
// No wait of this package hangs: when a scope is not closed after an hour of
// virtual time the test ends with the tree of what it waits for.
//
// At the end of the test every stand-in is let go, the hanging ones too, and the
// exit of the scope is awaited. An error that the test has not asked for, by
// [Tester.Err] or by looking at the report, fails it then.
//
// # Duties
//
// Tests but those of Open run in a bubble, and t is the one that [synctest.Test] hands out; a call
// from outside ends the test with a text that says so. Methods of a Tester and of
// its stand-ins are called by the test's own goroutine. A goroutine that waits for
// the network or for a mutex is not blocked in the sense of the bubble; use
// [net.Pipe] and channels.
package scopetest
