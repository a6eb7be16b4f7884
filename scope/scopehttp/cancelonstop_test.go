package scopehttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
	"github.com/ebb-go/ebb/scope/scopetest"
)

// TestCancelOnStop: the context of the request ends when the server is asked to stop,
// for one route or for all; the scope of the request is not canceled, and other requests
// have their time.
func TestCancelOnStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t, scope.WithGrace(time.Hour))
		deaf := func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done() // it knows nothing of Stopping
			s, _ := scope.From(r.Context())
			if s.Context().Err() != nil || !errors.Is(context.Cause(r.Context()), context.Canceled) {
				t.Errorf("scope %v, cause %v", s.Context().Err(), context.Cause(r.Context()))
			}
			io.WriteString(w, "ended")
		}
		mux := http.NewServeMux()
		mux.Handle("/handler", scopehttp.Handler(http.HandlerFunc(deaf), scopehttp.CancelOnStop()))
		mux.Handle("/func", scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
			_ = r.ParseForm()
			deaf(w, r)
			return nil
		}, scopehttp.CancelOnStop()))
		slow := scopetest.NewStandIn(t, "slow")
		mux.Handle("/slow", standIn(slow))
		v := serving(t, st, mux)
		answers := []<-chan answered{v.get("/handler"), v.get("/func"), v.get("/slow")}
		st.Exit()
		slow.WantDropping() // asked, not canceled
		for _, answer := range answers[:2] {
			if a := <-answer; a.status != 200 || a.body != "ended" {
				t.Errorf("%+v", a)
			}
		}
		st.WantOpen()
		slow.Finish(nil)
		if a := <-answers[2]; a.body != "done" {
			t.Errorf("%+v", a)
		}
		st.WantErr()
		st.WantWithin(0)
	})
}

// TestProxyOfAnEventStream: a reverse proxy ends with the server that it runs in, not at
// the end of the grace, and the client sees that its stream was cut.
func TestProxyOfAnEventStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := scopetest.New(t, scope.WithGrace(time.Hour))
		upstream := newPipes()
		_, _, err := scopehttp.ServeOn(st.Context(), st.Scope(), "upstream", upstream, &http.Server{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				io.WriteString(w, "data: hello\n\n")
				w.(http.Flusher).Flush()
				<-r.Context().Done() // that the proxy has gone
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "upstream"})
		tr := &http.Transport{DialContext: upstream.dial}
		t.Cleanup(tr.CloseIdleConnections)
		proxy.Transport = tr
		v := serving(t, st, scopehttp.Handler(proxy, scopehttp.CancelOnStop()))
		answer := v.get("/events")
		st.Scope().Stop(nil)
		if a := <-answer; a.status != 200 || !strings.HasPrefix(a.body, "data: hello") || a.err == nil {
			t.Errorf("%+v", a)
		}
		st.WantErr()
		st.WantWithin(0)
	})
}
