package scopehttp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	oteltrace "go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
	"github.com/ebb-go/ebb/trace"
)

// A pattern without a method gets that of the request, as long as it is one that
// clients have not made up. No name is a slash alone, and none has one at the wrong
// place in a path.
func TestNamesOfRoutes(t *testing.T) {
	for _, tt := range []struct{ pattern, method, path, want string }{
		{"/", "GET", "/", "svc/GET /"},
		{"/", "POST", "/a/b", "svc/POST /"},
		{"/static/", "HEAD", "/static/a.css", "svc/HEAD /static/"},
		{"example.com/", "GET", "http://example.com/x", "svc/GET example.com/"},
		{"GET /{$}", "GET", "/", "svc/GET /{$}"},
		{"/", "BREW", "/pot", "svc/HTTP /"},
	} {
		mux := http.NewServeMux()
		mux.HandleFunc(tt.pattern, pathOf)
		err := scope.Run(t.Context(), func(ctx context.Context, _ *scope.Scope) error {
			for _, h := range []http.Handler{scopehttp.Handler(mux), around1(tt.pattern)} {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil).WithContext(ctx))
				if got := w.Body.String(); got != tt.want {
					t.Errorf("%s %s: got %q, want %q", tt.method, tt.pattern, got, tt.want)
				}
			}
			return nil
		}, scope.WithName("svc"))
		if err != nil {
			t.Error(err)
		}
	}
}

// around1 is a mux with a Handler below it.
func around1(pattern string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(pattern, scopehttp.Handler(http.HandlerFunc(pathOf)))
	return mux
}

// tracer makes spans that keep their name.
type tracer struct {
	embedded.TracerProvider
	spans []*span
	mad   bool // SetName panics
}

type span struct {
	noop.Span
	of   *tracer
	name string
}

func (p *tracer) Tracer(string, ...oteltrace.TracerOption) oteltrace.Tracer {
	return asTracer{tracer: p}
}

type asTracer struct {
	embedded.Tracer
	*tracer
}

func (p asTracer) Start(ctx context.Context, name string, _ ...oteltrace.SpanStartOption) (context.Context, oteltrace.Span) {
	s := &span{of: p.tracer, name: name}
	p.spans = append(p.spans, s)
	return oteltrace.ContextWithSpan(ctx, s), s
}

func (s *span) IsRecording() bool { return true }

func (s *span) SetName(name string) {
	if s.of.mad {
		panic("mad")
	}
	s.name = name
}

// names returns those of all spans but of teardowns.
func (p *tracer) names() (names []string) {
	for _, s := range p.spans {
		if !strings.HasPrefix(s.name, "teardown ") {
			names = append(names, s.name)
		}
	}
	return names
}

// The span of a request is named by the pattern that the router found in the end,
// wherever the router is; the span of the caller is not.
func TestSpanIsRenamed(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", pathOf)
	api, stripped := http.NewServeMux(), http.NewServeMux()
	api.HandleFunc("GET /api/orders/{id}", pathOf)
	mux.Handle("/api/", api)
	stripped.Handle("/orders/{id}", scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
		pathOf(w, r)
		return nil
	}))
	mux.Handle("/v2/", http.StripPrefix("/v2", stripped))
	below := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { mux.ServeHTTP(w, r) }) // a middleware
	for _, tt := range []struct {
		rule string
		opts []scopehttp.Option
		mad  bool
		path string
		want []string
	}{
		{"by the pattern", nil, false, "/orders/17", []string{"caller", "scope GET /orders/{id}"}},
		{"by the innermost one", nil, false, "/api/orders/17", []string{"caller", "scope GET /api/orders/{id}"}},
		{"by what a Func has got", nil, false, "/v2/orders/17", []string{"caller", "scope GET /orders/{id}"}},
		{"not without one", nil, false, "/", []string{"caller", "scope request"}},
		{"not against Name", []scopehttp.Option{scopehttp.Name(func(*http.Request) string { return "mine" })}, false, "/orders/17", []string{"caller", "scope mine"}},
		{"not without a span of its own", []scopehttp.Option{scopehttp.Scope(scope.WithSpanMode(scope.SpanTeardownOnly))}, false, "/orders/17", []string{"caller"}},
		{"by a tracer that panics", nil, true, "/orders/17", []string{"caller", "scope request"}},
	} {
		p := &tracer{mad: tt.mad}
		ctx, _ := p.Tracer("").Start(t.Context(), "caller")
		w := httptest.NewRecorder()
		h := scopehttp.Handler(below, append(tt.opts, scopehttp.Scope(scope.WithTracerProvider(p)))...)
		h.ServeHTTP(w, httptest.NewRequest("GET", tt.path, nil).WithContext(ctx))
		if got := p.names(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: spans %q, want %q", tt.rule, got, tt.want)
		}
		if tt.path != "/" && w.Code != 200 {
			t.Errorf("%s: status %d", tt.rule, w.Code)
		}
	}
}

// The reports of what a request has owned, its page and its errors have the pattern that
// was found in the end; one that owned nothing leaves nothing on the page.
func TestPathIsRenamed(t *testing.T) {
	outer, inner := http.NewServeMux(), http.NewServeMux()
	outer.Handle("/api/", inner)
	inner.HandleFunc("GET /api/orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		s, _ := scope.From(r.Context())
		if _, err := scope.Defer(s, "tx", func(context.Context) error { return errBoom }); err != nil {
			t.Error(err)
		}
	})
	inner.HandleFunc("GET /api/nothing", pathOf)
	var page trace.Inspector
	var failed error
	var report *trace.Report
	h := scopehttp.Handler(outer, scopehttp.OnError(func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err }),
		scopehttp.Scope(scope.WithReport(func(r *trace.Report) { report = r })))
	err := scope.Run(t.Context(), func(ctx context.Context, _ *scope.Scope) error {
		for _, path := range []string{"/api/orders/17", "/api/nothing"} {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil).WithContext(ctx))
		}
		return nil
	}, scope.WithName("svc"), scope.WithInspector(&page))
	if err != nil {
		t.Error(err)
	}
	if want := `scope "svc/GET /api/orders/{id}": drop "tx" (wave 0): boom`; failed == nil || failed.Error() != want {
		t.Errorf("error %v, want %s", failed, want)
	}
	if want := "svc/GET /api/nothing"; report.Scope != want { // the second one
		t.Errorf("report of %s, want %s", report.Scope, want)
	}
	w := httptest.NewRecorder()
	page.ServeHTTP(w, httptest.NewRequest("GET", "http://localhost/?format=json", nil))
	if got := w.Body.String(); !strings.Contains(got, "svc/GET /api/orders/{id}") || strings.Contains(got, "nothing") || strings.Contains(got, `"svc/GET /api/"`) {
		t.Errorf("page %s", got)
	}
}
