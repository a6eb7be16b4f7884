package scopetest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopetest"
	"github.com/ebb-go/ebb/trace"
)

// drop is a guard of a scope that the test opens without a Tester.
type drop struct {
	name string
	deps []string
	took time.Duration
	err  error
}

// reportOf runs a scope with these guards and returns its report.
func reportOf(t *testing.T, drops []drop, opts ...scope.Option) (r *trace.Report) {
	t.Helper()
	_ = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		nodes := make(map[string]scope.Node)
		for _, d := range drops {
			var deps []scope.Node
			for _, name := range d.deps {
				deps = append(deps, nodes[name])
			}
			h, err := scope.Defer(s, d.name, func(context.Context) error {
				time.Sleep(d.took)
				return d.err
			}, scope.DependsOn(deps...))
			if err != nil {
				t.Error(err)
				return nil
			}
			nodes[d.name] = h
		}
		return nil
	}, append(opts, scope.WithReport(func(got *trace.Report) { r = got }))...)
	return r
}

func TestReports(t *testing.T) {
	// api -> cache -> db; log
	service := []drop{{name: "db"}, {name: "cache", deps: []string{"db"}}, {name: "api", deps: []string{"cache"}}, {name: "log"}}
	slow := []drop{
		{name: "db", took: time.Second},
		{name: "cache", deps: []string{"db"}, took: 2 * time.Second},
		{name: "log", took: time.Second},
	}
	failing := []drop{{name: "db"}, {name: "api", deps: []string{"db"}, err: errBoom}}
	order := func(names ...string) func(testing.TB, *trace.Report) {
		return func(t testing.TB, r *trace.Report) { scopetest.WantOrder(t, r, names...) }
	}
	waves := func(waves ...[]string) func(testing.TB, *trace.Report) {
		return func(t testing.TB, r *trace.Report) { scopetest.WantWaves(t, r, waves) }
	}
	within := func(d time.Duration) func(testing.TB, *trace.Report) {
		return func(t testing.TB, r *trace.Report) { scopetest.WantWithin(t, r, d) }
	}
	outcome := func(name, outcome string) func(testing.TB, *trace.Report) {
		return func(t testing.TB, r *trace.Report) { scopetest.WantOutcome(t, r, name, outcome) }
	}
	eager := scope.WithSchedule(scope.Eager)
	sequential := scope.WithSchedule(scope.Sequential)
	tests := []struct {
		rule  string
		drops []drop
		opt   scope.Option
		want  func(testing.TB, *trace.Report)
		fails string // a part of the failure; none: it holds
	}{
		{"the order of the edges", service, nil, order("api", "cache", "db"), ""},
		{"an order by wave", service, nil, order("log", "cache"), ""},
		{"an indirect edge suffices without waves", service, eager, order("api", "db"), ""},
		{"an unrelated guard is in no order without waves", service, eager, order("log", "db"), "nothing says"},
		{"guards of one wave are in no order", service, nil, order("api", "log"), "nothing says"},
		{"the wrong way round", slow, nil, order("db", "cache"), `the drop of "cache" began 3s before that of "db" had ended`},
		{"times tell of a sequential order", slow, sequential, order("log", "cache", "db"), ""},
		{"overlapping drops are in no order", slow, nil, order("cache", "log"), "had ended"},
		{"a name that is not there", service, nil, order("api", "dc"), `"dc" is not in the report`},
		{"one name is an order", service, nil, order("api"), ""},

		{"waves in any order within", service, nil, waves([]string{"log", "api"}, []string{"cache"}, []string{"db"}), ""},
		{"a name too few", service, nil, waves([]string{"api"}, []string{"cache"}, []string{"db"}), `waves are [["api" "log"]`},
		{"a wave too few", service, nil, waves([]string{"log", "api"}, []string{"cache"}), "waves are"},
		{"no waves of no guards", nil, nil, waves(), ""},

		{"within the time", slow, nil, within(3 * time.Second), ""},
		{"not within less", slow, nil, within(3*time.Second - 1), "critical path is cache 2s, db 1s"},

		{"an outcome", failing, nil, outcome("api", "error"), ""},
		{"another outcome", failing, nil, outcome("db", "error"), `outcome of "db" is ok`},
		{"no such outcome", failing, nil, outcome("cache", "ok"), "not in the report"},

		{"a clean exit", service, nil, scopetest.WantClean, ""},
		{"an exit that is not", failing, nil, scopetest.WantClean, `"api" is error, error: scope "scope": drop "api"`},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := reportOf(t, tt.drops, tt.opt)
				check := func(t testing.TB) { tt.want(t, r) }
				if tt.fails != "" {
					wantFailure(t, check, tt.fails)
				} else if got := failuresOf(t, check); len(got) > 0 {
					t.Errorf("failures: %q", got)
				}
			})
		})
	}
}

// A guard that was held back has not been dropped in any order.
func TestOrderOfSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t, scope.WithDropTimeout(time.Second))
		db := st.Guard("db")
		st.GuardWith("api", scope.DependsOn(db), scope.Hold()).Hang()
		st.Exit()
		st.WantErr(scope.ErrAbandoned)
		st.WantOutcome("db", "skipped")
		db.WantIdle()
		r := st.Report()
		wantFailure(t, func(t testing.TB) { scopetest.WantOrder(t, r, "api", "db") }, `"db" was skipped`)
	})
}

func TestNoReport(t *testing.T) {
	for _, f := range []func(testing.TB){
		func(t testing.TB) { scopetest.WantOrder(t, nil, "a", "b") },
		func(t testing.TB) { scopetest.WantWaves(t, nil, nil) },
		func(t testing.TB) { scopetest.WantOutcome(t, nil, "a", "ok") },
		func(t testing.TB) { scopetest.WantWithin(t, nil, 0) },
		func(t testing.TB) { scopetest.WantClean(t, nil) },
	} {
		wantFailure(t, f, "the report is nil")
	}
}

func TestPlan(t *testing.T) {
	p := trace.Plan{Waves: [][]trace.PlanNode{{{Name: "api"}, {Name: "log"}}, {{Name: "db", Wave: 1}}}}
	scopetest.WantPlan(t, p, [][]string{{"log", "api"}, {"db"}})
	scopetest.WantPlan(t, trace.Plan{}, nil)
	wantFailure(t, func(t testing.TB) { scopetest.WantPlan(t, p, [][]string{{"log"}, {"api"}, {"db"}}) },
		`waves would be [["api" "log"] ["db"]], want [["log"] ["api"] ["db"]]`, "wave 1")
}
