package scopehttp_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/scope/scopehttp"
)

// lines is a log whose entries a test waits for.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}

// blowUp is what the log has to name.
func blowUp(context.Context) error { panic("mad") }

// What net/http logs of a panic names the scope and the task, and has the stack of the
// goroutine that has panicked.
func TestPanicIsLogged(t *testing.T) {
	tests := []struct {
		rule string
		want []string
		do   func(ctx context.Context, s *scope.Scope) error
	}{
		{"of the handler", []string{"mad", "blowUp"}, func(ctx context.Context, s *scope.Scope) error {
			return blowUp(ctx)
		}},
		{"of a task", []string{"mad", `"scope/GET /x"`, `"job"`, "blowUp"}, func(_ context.Context, s *scope.Scope) error {
			return s.TryGo("job", blowUp)
		}},
		{"of a daemon", []string{"mad", `"scope/GET /x"`, `"watch"`, "blowUp"}, func(ctx context.Context, s *scope.Scope) error {
			_, err := s.Daemon("watch", blowUp)
			<-ctx.Done()
			return err
		}},
		{"of a task of a nested scope", []string{"mad", `"scope/GET /x/inner"`, `"job"`, "blowUp"}, func(ctx context.Context, _ *scope.Scope) error {
			return scope.Run(ctx, func(_ context.Context, s *scope.Scope) error {
				return s.TryGo("job", blowUp)
			}, scope.WithName("inner"))
		}},
	}
	for _, tt := range tests {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/http2=%v", tt.rule, http2), func(t *testing.T) {
				logged := make(lines, 9)
				mux := http.NewServeMux()
				mux.Handle("GET /x", scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
					s, _ := scope.From(r.Context())
					w.WriteHeader(http.StatusCreated)
					return tt.do(r.Context(), s)
				}))
				got := request(t, &http.Server{Handler: mux, ErrorLog: log.New(logged, "", 0)}, http2, "GET", "/x")
				if strings.HasPrefix(got, "2") {
					t.Errorf("the client has %q", got)
				}
				text := <-logged
				for _, want := range append(tt.want, "panic serving") {
					if !strings.Contains(text, want) {
						t.Errorf("%s is not in the log:\n%s", want, text)
					}
				}
			})
		}
	}
}

// An abort is not logged, and not answered.
func TestAbort(t *testing.T) {
	abort := func(context.Context) error { panic(http.ErrAbortHandler) }
	ways := map[string]func(ctx context.Context, s *scope.Scope) error{
		"handler": func(ctx context.Context, s *scope.Scope) error { return abort(ctx) },
		"error":   func(context.Context, *scope.Scope) error { return fmt.Errorf("so: %w", http.ErrAbortHandler) },
		"task":    func(_ context.Context, s *scope.Scope) error { return s.TryGo("job", abort) },
		"daemon": func(ctx context.Context, s *scope.Scope) error {
			_, err := s.Daemon("watch", abort)
			<-ctx.Done()
			return err
		},
		"nested": func(ctx context.Context, s *scope.Scope) error {
			return scope.Run(ctx, func(_ context.Context, s *scope.Scope) error { return s.TryGo("job", abort) })
		},
	}
	for name, do := range ways {
		for _, opts := range [][]scopehttp.Option{nil, {scopehttp.Scope(scope.WithPanicAsError())}, {scopehttp.Buffer(100)}} {
			for _, http2 := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%d/http2=%v", name, len(opts), http2), func(t *testing.T) {
					logged := make(lines, 9)
					h := scopehttp.Handler(scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
						s, _ := scope.From(r.Context())
						return do(r.Context(), s)
					}), opts...)
					got := request(t, &http.Server{Handler: h, ErrorLog: log.New(logged, "", 0)}, http2, "POST", "/")
					if !strings.Contains(got, "EOF") && !strings.Contains(got, "INTERNAL_ERROR") {
						t.Errorf("the client has %q", got)
					}
					select {
					case text := <-logged:
						t.Errorf("logged:\n%s", text)
					default:
					}
				})
			}
		}
	}
}
