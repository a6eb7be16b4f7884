//go:build e2e

package main

import (
	"bytes"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// stop runs the story against Jaeger and returns its trace.
func stop(t *testing.T, args ...string) (id string, spans []*span) {
	t.Helper()
	jaegerURL(t)
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	t.Logf("\n%s", &stdout)
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(pageURL()) + `/trace/([0-9a-f]{32})$`).FindStringSubmatch(stdout.String())
	if m == nil {
		t.Fatal("it does not say where the trace is")
	}
	return m[1], traceOf(t, m[1])
}

func TestStory(t *testing.T) {
	id, spans := stop(t, "-pace", "50ms")
	tr := grow(t, spans)
	tr.check(t)
	for _, s := range spans {
		if s.Service != "shop" || s.TraceID != id {
			t.Errorf("%s: of service %q, trace %s", s.Name, s.Service, s.TraceID)
		}
	}

	shop := tr.named(t, "scope shop")
	if exit := shop.text("ebb.scope.exit"); exit != "canceled" || shop.Status.Code != 0 {
		t.Errorf("the scope: exit %s, status %d %q", exit, shop.Status.Code, shop.Status.Message)
	}
	if at := tr.named(t, "scope shop", "teardown shop"); at.number("ebb.grace_ms") != 5000 || at.text("error.type") == "" || at.text("ebb.cause") != errRollout.Error() {
		t.Errorf("the teardown: %v", at.Attributes)
	}
	got := map[string]string{}
	for _, s := range spans {
		if s.kind() == "drop" && s.text("ebb.scope.path") == "shop" {
			got[s.rest()] = s.text("ebb.drop.outcome") + " " + s.text("error.type")
		}
	}
	want := map[string]string{
		"reports": "ok ", "server": "ok ", "sessions": "ok ", "orders": "ok ",
		"mailer": "error error", "audit": "abandoned abandoned",
		"redis": "ok ", "postgres": "ok ", "disk": "skipped skipped", "config": "ok ",
	}
	if !maps.Equal(got, want) {
		t.Errorf("drops\n%v, want\n%v", got, want)
	}
	mailer := tr.named(t, "scope shop", "teardown shop", "wave 1", "drop mailer")
	if !strings.HasSuffix(mailer.Status.Message, errMail.Error()) {
		t.Errorf("mailer: %q", mailer.Status.Message)
	}
	audit := tr.named(t, "scope shop", "teardown shop", "wave 1", "drop audit")
	if took := audit.End - audit.Start; took < 200e6 || took > 2000e6 || !strings.Contains(audit.Status.Message, "abandoned") {
		t.Errorf("audit: %d ms, %q", took/1e6, audit.Status.Message)
	}
	testRequests(t, tr)
}

// Without the environment the spans go to where Jaeger takes them as well.
func TestStoryWithoutEnvironment(t *testing.T) {
	jaegerURL(t)
	at := os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"-pace", "10ms", "-otlp", at}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", at)
	id := strings.TrimSpace(stdout.String()[strings.LastIndex(stdout.String(), "/")+1:])
	grow(t, traceOf(t, id)).named(t, "scope shop")
}

// testRequests checks the scopes of the requests, which hang on the server's.
func testRequests(t *testing.T, tr *tree) {
	server := tr.named(t, "scope shop", "scope requests")
	if got, want := namesOf(tr.children[server]), []string{"scope GET /cart", "scope POST /order", "scope POST /refund"}; !slices.Equal(got, want) {
		t.Fatalf("requests %v, want %v", got, want)
	}
	asked := tr.named(t, "scope shop", "teardown shop").Start
	for name, exit := range map[string]string{"GET /cart": "succeeded", "POST /order": "succeeded", "POST /refund": "failed"} {
		r := tr.named(t, "scope shop", "scope requests", "scope "+name)
		if got := r.text("ebb.scope.exit"); got != exit || (r.Status.Code == 2) != (exit == "failed") {
			t.Errorf("%s: exit %s, status %d %q, want %s", name, got, r.Status.Code, r.Status.Message, exit)
		}
		if finished := r.End > asked; finished != (name != "GET /cart") {
			t.Errorf("%s: ended after the teardown had begun: %v", name, finished)
		}
		tr.named(t, "scope shop", "scope requests", "scope "+name, "scope stock", "teardown stock", "wave 0", "drop lock")
		tr.named(t, "scope shop", "scope requests", "scope "+name, "teardown "+name, "wave 0", "drop transaction")
		tr.named(t, "scope shop", "scope requests", "scope "+name, "acquire transaction")
	}
}
