package trace_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ebb-go/ebb/trace"
)

// The reports that the tests of every format render. They are simulated, so
// that each picture is the same in every run.

var sampleEpoch = time.Date(2024, 5, 17, 9, 30, 0, 0, time.UTC)

const milli = time.Millisecond

// simDrop is one guard of a simulated teardown.
type simDrop struct {
	name, kind, typ string
	took            time.Duration
	outcome         string
	err             error
	deps            []string
}

// simulate runs drops under a schedule, without a limit, and returns the
// completed report. A drop is listed before what it depends on.
func simulate(schedule string, drops ...simDrop) *trace.Report {
	r := &trace.Report{Scope: "orders", Exit: "succeeded", Schedule: schedule, Started: sampleEpoch}
	waves := waveNumbers(drops)
	released := make(map[string]time.Time)
	var start time.Time
	end, wave := sampleEpoch, 0
	for wave <= maxOf(waves) {
		start = end
		for i, d := range drops {
			if waves[i] != wave {
				continue
			}
			began := start
			switch schedule {
			case "eager":
				began = sampleEpoch
				if t, ok := released[d.name]; ok {
					began = t
				}
			case "sequential":
				began = end
			}
			e := trace.Entry{Name: d.name, Kind: d.kind, Type: d.typ, Wave: wave, DependsOn: d.deps,
				Started: began, Ended: began.Add(d.took), Outcome: d.outcome, Err: d.err}
			if e.Kind == "" {
				e.Kind = "guard"
			}
			if e.Outcome == "" {
				e.Outcome = "ok"
			}
			for _, dep := range d.deps {
				if e.Ended.After(released[dep]) {
					released[dep] = e.Ended
				}
			}
			if e.Ended.After(end) {
				end = e.Ended
			}
			r.Entries = append(r.Entries, e)
		}
		wave++
	}
	r.Ended = end
	r.Complete()
	return r
}

// waveNumbers is the longest path to each drop, by relaxation: slow and plain.
func waveNumbers(drops []simDrop) []int {
	at := make(map[string]int)
	for i, d := range drops {
		at[d.name] = i
	}
	waves := make([]int, len(drops))
	for i, d := range drops {
		for _, dep := range d.deps {
			if j, ok := at[dep]; ok {
				waves[j] = max(waves[j], waves[i]+1)
			}
		}
	}
	return waves
}

func maxOf(n []int) int {
	m := -1
	for _, v := range n {
		m = max(m, v)
	}
	return m
}

// small is the graph of the README:
//
//	http ──> cache ──> postgres
//	  └────> journal
func small(schedule string) *trace.Report {
	r := simulate(schedule,
		simDrop{name: "http", kind: "daemon", took: 120 * milli, deps: []string{"cache", "journal"}},
		simDrop{name: "consumer", kind: "daemon", took: 45 * milli, deps: []string{"postgres"}},
		simDrop{name: "cache", typ: "*orders.Cache", took: 200 * milli, deps: []string{"postgres"}},
		simDrop{name: "journal", typ: "*os.File", took: 8 * milli},
		simDrop{name: "postgres", typ: "*sql.DB", took: 60 * milli},
	)
	r.Grace = 20 * time.Second
	r.Deadline = time.Time{}
	r.Complete()
	return r
}

// everyOutcome has each outcome once and more.
func everyOutcome() *trace.Report {
	boom := errors.New("panic: index out of range [3] with length 3")
	r := simulate("waves",
		simDrop{name: "http", kind: "daemon", took: 850 * milli, deps: []string{"session-store", "cache", "search-index"}},
		simDrop{name: "metrics", kind: "daemon", took: 3 * milli, deps: []string{"telemetry-buffer"}},
		simDrop{name: "session", kind: "child", took: 410 * milli, deps: []string{"session-store"}},
		simDrop{name: "cache", typ: "*orders.Cache", took: 320 * milli, outcome: "error", err: errors.New("flush: 12 of 4,096 entries refused: disk quota exceeded"), deps: []string{"postgres"}},
		simDrop{name: "search-index", typ: "*bleve.Index", took: 15 * milli, outcome: "panic", err: boom, deps: []string{"files"}},
		simDrop{name: "session-store", typ: "*redis.Client", took: 2000 * milli, outcome: "abandoned", err: errors.New("abandoned after 2s; it blocks kafka, postgres"), deps: []string{"kafka", "postgres"}},
		simDrop{name: "telemetry-buffer", typ: "*buffer.Ring", took: 40 * milli, outcome: "goexit", err: errors.New("runtime.Goexit was called")},
		simDrop{name: "kafka", typ: "*kgo.Client", outcome: "skipped", err: errors.New(`held back by "session-store": abandoned`)},
		simDrop{name: "postgres", typ: "*sql.DB", took: 1500 * milli, outcome: "timeout", err: errors.New("close: waited 1.5s for 2 connections: context deadline exceeded")},
		simDrop{name: "files", typ: "*os.Root", took: 9 * milli},
	)
	r.Exit, r.Grace = "canceled", 5*time.Second
	r.Deadline = time.Time{}
	r.Complete()
	r.Error = `scope "orders": drop "cache" (wave 1): flush: 12 of 4,096 entries refused: disk quota exceeded`
	return r
}

// service is a service of forty guards as one meets them.
func service(schedule string) *trace.Report {
	g := func(name, typ string, took time.Duration, deps ...string) simDrop {
		return simDrop{name: name, typ: typ, took: took, deps: deps}
	}
	d := func(name string, took time.Duration, deps ...string) simDrop {
		return simDrop{name: name, kind: "daemon", took: took, deps: deps}
	}
	drops := []simDrop{
		d("http-server", 420*milli, "router", "auth", "rate-limiter"),
		d("grpc-server", 310*milli, "auth", "order-service", "billing"),
		d("admin-server", 20*milli, "registry"),
		d("consumer-orders", 180*milli, "order-service", "kafka-consumer"),
		d("consumer-refunds", 140*milli, "billing", "kafka-consumer"),
		d("outbox-relay", 260*milli, "kafka-producer", "postgres-primary"),
		d("cron", 12*milli, "mailer", "report-builder"),
		d("healthcheck", 2*milli, "postgres-replica", "redis"),
		d("gc-uploads", 75*milli, "s3"),
		g("router", "*mux.Router", 1*milli, "order-service", "catalog", "search", "uploads", "web-assets"),
		g("auth", "*auth.Service", 35*milli, "session-store", "jwks", "audit"),
		g("rate-limiter", "*rate.Limiter", 4*milli, "redis"),
		g("registry", "*consul.Agent", 90*milli, "http-client"),
		g("order-service", "*order.Service", 60*milli, "postgres-primary", "order-cache", "kafka-producer", "audit"),
		g("billing", "*billing.Service", 110*milli, "postgres-primary", "stripe", "ledger", "audit"),
		g("catalog", "*catalog.Service", 18*milli, "postgres-replica", "catalog-cache"),
		g("search", "*search.Index", 240*milli, "elastic"),
		g("uploads", "*upload.Service", 22*milli, "s3", "virus-scan"),
		g("web-assets", "embed.FS", 0),
		g("kafka-consumer", "*kgo.Client", 190*milli, "dns-cache"),
		g("mailer", "*smtp.Pool", 70*milli, "dns-cache"),
		g("report-builder", "*report.Builder", 30*milli, "postgres-replica", "s3"),
		g("session-store", "*session.Store", 14*milli, "redis"),
		g("jwks", "*jwks.Cache", 3*milli, "http-client"),
		g("order-cache", "*ristretto.Cache", 330*milli, "redis", "postgres-primary"),
		g("catalog-cache", "*ristretto.Cache", 8*milli, "redis"),
		g("ledger", "*ledger.Writer", 150*milli, "journal", "postgres-primary"),
		g("stripe", "*stripe.Client", 6*milli, "http-client"),
		g("audit", "*audit.Log", 45*milli, "journal"),
		g("elastic", "*elastic.Client", 28*milli, "http-client"),
		g("virus-scan", "*clam.Client", 16*milli, "http-client"),
		g("kafka-producer", "*kgo.Client", 210*milli, "dns-cache"),
		g("s3", "*s3.Client", 9*milli, "http-client"),
		g("postgres-primary", "*pgxpool.Pool", 130*milli, "dns-cache"),
		g("postgres-replica", "*pgxpool.Pool", 95*milli, "dns-cache"),
		g("redis", "*redis.Client", 40*milli, "dns-cache"),
		g("journal", "*os.File", 55*milli, "data-dir"),
		g("http-client", "*http.Client", 5*milli, "dns-cache"),
		g("dns-cache", "*dns.Cache", 1*milli),
		g("data-dir", "*flock.Lock", 2*milli),
	}
	r := simulate(schedule, drops...)
	r.Scope, r.Grace = "orders", 25*time.Second
	r.Deadline = time.Time{}
	r.Complete()
	return r
}

// big has n guards: connections on a pool, a few slow ones, a few failures.
func big(n int) *trace.Report {
	rng := rand.New(rand.NewPCG(7, 7))
	var drops []simDrop
	for i := range n - 4 {
		d := simDrop{name: fmt.Sprintf("conn-%05d", i), typ: "*net.TCPConn", took: time.Duration(rng.ExpFloat64() * float64(400*time.Microsecond)), deps: []string{"pool"}}
		switch i % 2503 {
		case 17:
			d.took = time.Duration(20+rng.IntN(60)) * milli
		case 1999:
			d.outcome, d.err = "error", errors.New("close: connection reset by peer")
		}
		drops = append(drops, d)
	}
	return simulate("waves", append(drops,
		simDrop{name: "pool", typ: "*pool.Pool", took: 30 * milli, deps: []string{"listener", "tls-config"}},
		simDrop{name: "listener", typ: "*net.TCPListener", took: 2 * milli, deps: []string{"metrics"}},
		simDrop{name: "tls-config", typ: "*tls.Config", took: 0, deps: []string{"metrics"}},
		simDrop{name: "metrics", typ: "*metrics.Registry", took: 12 * milli},
	)...)
}

// chain has n guards, each depending on the next.
func chain(n int) *trace.Report {
	var drops []simDrop
	for i := range n {
		d := simDrop{name: fmt.Sprintf("link-%05d", i), took: time.Duration(1+i%7) * 100 * time.Microsecond}
		if i < n-1 {
			d.deps = []string{fmt.Sprintf("link-%05d", i+1)}
		}
		drops = append(drops, d)
	}
	r := &trace.Report{Scope: "chain", Exit: "succeeded", Schedule: "waves", Started: sampleEpoch}
	at := sampleEpoch
	for i, d := range drops {
		r.Entries = append(r.Entries, trace.Entry{Name: d.name, Kind: "guard", Wave: i, DependsOn: d.deps,
			Started: at, Ended: at.Add(d.took), Outcome: "ok"})
		at = at.Add(d.took)
	}
	r.Ended = at
	r.Complete()
	return r
}

// hostileNames are names that break careless formats.
var hostileNames = []string{
	`quote " and ' and \ end`,
	"new\nline\r\nand\ttab",
	`</svg><script>alert(1)</script>`,
	`&amp; <b>bold</b> ]]> -->`,
	"\x1b[31mred\x1b[0m",
	"שלום עולם",
	"قاعدة البيانات",
	"evil\u202egnp.exe",
	"\u2066open isolate",
	"数据库连接池",
	"キャッシュ 🚀 ｗｉｄｅ",
	"combining e\u0301\u0302\u0303",
	"bad\xff\xfeutf8",
	"",
	"a-name-that-is-so-long-that-no-picture-can-show-all-of-it-and-then-some-more-of-it",
	"%%{init: {}}%% end; subgraph x",
	"`code` #quot; #35; |pipe| {brace}",
	"nul\x00\uffff\u2028end",
}

// hostile is a chain of guards with hostile names, in two waves.
func hostile() *trace.Report {
	var drops []simDrop
	for i, name := range hostileNames {
		d := simDrop{name: name, typ: "*evil.T[<\"x\">]", took: time.Duration(i+1) * milli}
		if i%2 == 0 && i+1 < len(hostileNames) {
			d.deps = []string{hostileNames[i+1]}
		}
		if i%5 == 3 {
			d.outcome, d.err = "error", fmt.Errorf("%s: <b>second\nline\x1b[2J", name)
		}
		drops = append(drops, d)
	}
	r := simulate("waves", drops...)
	r.Scope, r.Exit = "evil\u202e/<i>\"scope\"</i>", "failed"
	r.Complete()
	r.Error = "scope \"evil\": <script>\x07"
	return r
}

// samplePlan differs from small: there is a mailer, no consumer, and the
// journal is in wave 2.
func samplePlan() trace.Plan {
	return trace.Plan{Waves: [][]trace.PlanNode{
		{{Name: "http", Kind: "daemon", DependsOn: []string{"cache", "mailer"}}},
		{
			{Name: "cache", Kind: "guard", Wave: 1, DependsOn: []string{"postgres", "journal"}},
			{Name: "mailer", Kind: "guard", Wave: 1},
		},
		{
			{Name: "postgres", Kind: "guard", Wave: 2},
			{Name: "journal", Kind: "guard", Wave: 2},
		},
	}}
}

// sampleSnapshot is a scope that is dropping, with a child inside.
func sampleSnapshot() trace.Snapshot {
	return trace.Snapshot{
		Name: "orders", Path: "orders", State: "dropping", Since: 1200 * milli, Error: "terminated",
		Schedule: "waves", Grace: 20 * time.Second, Left: 18800 * milli,
		Items: []trace.SnapshotItem{
			{Kind: "guard", Name: "postgres", State: "live", Age: 3 * time.Hour, Wave: 2},
			{Kind: "guard", Name: "cache", State: "live", Age: 3 * time.Hour, DependsOn: []string{"postgres"}, Wave: 1},
			{Kind: "daemon", Name: "http", State: "dropping", Age: 90 * time.Minute, Waited: 1200 * milli, DependsOn: []string{"cache", "postgres"}},
			{Kind: "child", Name: "tenant-a", State: "dropped", Age: 25 * time.Second, DependsOn: []string{"postgres"}},
			{Kind: "task", Name: "warm-up", State: "running", Age: 2 * time.Second, Waited: 300 * milli},
		},
		Children: []trace.Snapshot{{
			Name: "tenant-a", Path: "orders/tenant-a", State: "open", Since: 25 * time.Second, Schedule: "waves",
			Items: []trace.SnapshotItem{{Kind: "guard", Name: "session", State: "live", Age: 2 * time.Second}},
		}},
	}
}

// allFailed has n guards in one wave, all of which fail alike.
func allFailed(n int) *trace.Report {
	var drops []simDrop
	for i := range n {
		drops = append(drops, simDrop{name: fmt.Sprintf("shard-%04d", i), took: milli, outcome: "error", err: errors.New("connection refused")})
	}
	return simulate("waves", drops...)
}

var zero = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func atMS(n int) time.Time { return zero.Add(time.Duration(n) * milli) }
