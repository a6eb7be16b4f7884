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
//		addr, _, err := scopehttp.Serve(ctx, s, "http", &http.Server{Addr: ":8080", Handler: mux})
//		...
//	})
//
// # Requests
//
// [Handler] and [Middleware] run each request in a [scope.Run] on the request's
// context: what the handler acquires is dropped, and its tasks have ended, before the
// server is done with the request. A client that goes away cancels the scope. The
// scope is named by the pattern of the route, never by the URL. The handlers below
// it find it by [scope.From].
//
// [Func] is a handler with an error. It fails the scope, so that a transaction rolls
// back; an [http.Handler] that wants this cancels its scope. What the scope comes to
// is answered by [OnError], by default with status 500, or 503 where the request was
// cancelled. If part of a response has been sent, which can no longer be true, the
// connection is aborted instead. [Buffer] holds a response back until the scope has
// closed, so that an answer of 201 means a commit that went well.
//
// A panic goes on to net/http when the scope has closed, with its own value; so
// does [http.ErrAbortHandler].
//
// # Servers
//
// [Serve] starts a server as a daemon. When its turn in the teardown comes it stops
// accepting, closes idle connections, and lets the handlers that run finish, which
// find [scope.Stopping] closed. At its deadline it cancels them, and then closes what
// connections remain. Handlers are lexical children of the daemon: what they use is
// dropped after they have ended, or were abandoned by name.
//
// A scope that was asked to stop refuses new tasks, and so do those of the requests
// that still run then. A handler whose answer depends on a task starts it by
// [scope.Scope.TryGo], which says so, or calls [scope.All].
//
// # Hijacked connections
//
// net/http forgets a connection that a handler has hijacked. A server of this package
// closes it when the last handler has ended or was given up, unless somebody owns
// it: [Hijack] makes it a guard, of the request's scope or of one that lives
// longer.
package scopehttp
