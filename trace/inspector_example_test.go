package trace_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/ebb-go/ebb/trace"
)

// The page is mounted where only those who may know can reach it. With
// scope.WithInspector a scope shows itself; here a made-up one does.
func ExampleInspector() {
	var live trace.Inspector
	mux := http.NewServeMux()
	mux.Handle("/debug/ebb/", &live)
	server := httptest.NewServer(mux)
	defer server.Close()

	remove := live.Watch(busy())
	defer remove()
	r, err := http.Get(server.URL + "/debug/ebb/?format=text")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	fmt.Printf("%s%v", text, err)
	// Output:
	// scope orders  open for 1h00m
	// ├─ task   warm-up   live 1h00m
	// ├─ guard  postgres  live 1h00m
	// ├─ daemon http      live 1h00m
	// └─ scope request  open for 1s
	// <nil>
}

func ExampleInspector_Add() {
	var live trace.Inspector
	live.Add(ended("orders", nil, nil, nil))
	w := httptest.NewRecorder()
	live.ServeHTTP(w, httptest.NewRequest("GET", "/?format=text", nil))
	fmt.Print(w.Body)
	// Output: teardown 1 of orders  succeeded  3 drops in 3ms
}
