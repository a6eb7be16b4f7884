package main

import (
	"net/http"
	"time"
)

// newServer returns the server of h. As a daemon of the service it answers what it has
// begun when it is asked to stop, in contexts that live until its time has run out.
func newServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
}
