package scopehttp_test

import (
	"net/http"
	"testing"

	"github.com/ebb-go/ebb/scope/scopehttp"
)

// nowhere is a ResponseWriter that sends nothing.
type nowhere struct{ h http.Header }

func (w nowhere) Header() http.Header         { return w.h }
func (w nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (w nowhere) WriteHeader(int)             {}

// What a request costs that owns nothing, and what it costs more to hold its
// response back until the scope has closed.
func BenchmarkFunc(b *testing.B) {
	for _, bb := range []struct {
		name string
		opts []scopehttp.Option
	}{{"plain", nil}, {"buffer", []scopehttp.Option{scopehttp.Buffer(64 << 10)}}} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			h := scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
				w.Header().Set("Content-Type", "text/plain")
				_, err := w.Write([]byte("hello"))
				return err
			}, bb.opts...)
			r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "/", nil)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				h.ServeHTTP(nowhere{http.Header{"Server": {"bench"}}}, r)
			}
		})
	}
}

// A response that is held costs the copy of its header and of its body, and what
// holds them: nothing else is in the way of a request that goes well.
func TestHoldingIsCheap(t *testing.T) {
	one := func(opts ...scopehttp.Option) float64 {
		h := scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
			_, err := w.Write([]byte("hello"))
			return err
		}, opts...)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(100, func() { h.ServeHTTP(nowhere{http.Header{"Server": {"bench"}}}, r) })
	}
	if plain, held := one(), one(scopehttp.Buffer(64<<10)); held > plain+5 {
		t.Errorf("%v allocations, and %v where the response is held, want five more at most", plain, held)
	}
}
