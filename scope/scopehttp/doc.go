// Package scopehttp gives every HTTP request a scope of its own, and stops an HTTP
// server in its place among the other things that a program has to stop.
//
//	err := scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
//		db, err := scope.Acquire(ctx, s, "db", openDB, guard.Close)
//		if err != nil {
//			return err
//		}
//		mux := http.NewServeMux()
//		mux.Handle("POST /orders", scopehttp.Func(func(w http.ResponseWriter, r *http.Request) error {
//			s, _ := scope.From(r.Context()) // of this request
//			tx, err := scope.Acquire(r.Context(), s, "tx", begin(db), endTx)
//			...
//		}))
//		var ready scopehttp.Readiness // for the balancer, on a server that outlives the drain
//		_, health, err := scopehttp.Serve(ctx, s, "health", &http.Server{Addr: ":8081", Handler: &ready})
//		...
//		addr, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: ":8080", Handler: mux},
//			scope.AlsoDependsOn(health), scopehttp.LameDuck(5*time.Second, &ready))
//		...
//	})
//
// # Requests
//
// [Handler] and [Middleware] run each request in a [scope.Run] on the request's
// context: what the handler acquires is dropped, and its tasks have ended, before the
// server is done with the request. A client that goes away cancels the scope. The
// scope is named by the pattern of the route, never by the URL. The handlers below
// find it by [scope.From].
//
// [Func] is a handler with an error. The error fails the scope, so that a transaction
// rolls back; an [http.Handler] that wants this cancels its scope. [OnError] answers a
// request whose scope has ended with an error, by default with status 500, or 503
// where the request was canceled. An error status that the handler has answered with
// itself stands.
//
// Apart from that, handlers and clients see what net/http alone would show them: the
// same bytes, the same optional methods of the [http.ResponseWriter], the same log. The
// one exception is that of every writer that wraps another: an [http.MaxBytesReader]
// whose limit is exceeded cannot ask net/http to close the connection.
//
// # What an answer promises
//
// Run returns nil only if every drop has seen [scope.Succeeded] and has returned nil.
// With [Buffer] a client gets a response with a status below 400 only after that: an
// answer of 201 means a commit that went well, unless the response was larger than the
// buffer, or was flushed or hijacked.
//
// Without Buffer the handler writes before the scope has closed. If the scope then
// ends with an error, the connection is aborted with [http.ErrAbortHandler] (on
// HTTP/2 the stream). The client gets no answer if it was small (2 KB on HTTP/1, 4 KB
// on HTTP/2) and not flushed, and a truncated one where its length or chunks show
// that. What was sent in full, a short response that was flushed with a
// Content-Length for example, cannot be taken back.
//
// # Panics
//
// A panic goes on to net/http when the scope has closed: the handler's with its own
// value and stack, that of a task or daemon as a [*scope.PanicError], which names it
// and has the stack of its goroutine. [http.ErrAbortHandler] passes untouched,
// whichever of them panics with it, and also when a [Func] returns it.
//
// # Servers
//
// [Serve] starts a server as a daemon. When its turn in the teardown comes it stops
// accepting, closes idle connections, and lets the handlers that run finish, which
// find [scope.Stopping] closed. It is net/http's Shutdown: no handler is called whose
// answer would be lost. When its time is running out the server cancels the handlers,
// and then closes what connections remain. Handlers are lexical children of the daemon: what
// they use is dropped after they have ended, or were abandoned by name.
//
// A scope that was asked to stop refuses new tasks, and so do those of the requests
// that still run then. A handler whose answer depends on a task starts it by
// [scope.Scope.TryGo], which returns an error, or calls [scope.All].
//
// A handler that knows nothing of ebb, and does not end by itself, gets a context that
// ends when the server is asked to stop, by [CancelOnStop].
//
// A load balancer goes on sending requests until it has noticed that a server stops, and
// clients reuse connections that are about to be closed. With [LameDuck] the server says
// that it is not ready, asks clients to let go of their connections, and serves for a
// while before it stops.
//
// # Hijacked connections
//
// net/http forgets a connection that a handler has hijacked. A server of this package
// closes it when the last handler has ended or was given up, unless it is owned:
// [Hijack] makes it a guard, of the request's scope or of one that lives longer.
package scopehttp
