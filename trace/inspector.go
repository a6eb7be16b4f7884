package trace

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/ebb-go/ebb/internal/term"
)

// source is a scope as the [Inspector] sees it. Both methods are foreign code to it:
// a scope's own take the locks of scopes, and anything else may do what it likes.
type source interface {
	Snapshot() Snapshot
	Plan() Plan
}

// Inspector is a page that shows what the scopes of a program are doing: an
// http.Handler in the manner of net/http/pprof. Mount it under any path, on a
// server that only authorized users can reach.
//
//	var live trace.Inspector
//	mux.Handle("/debug/ebb/", &live)
//	scope.Run(ctx, serve, scope.WithInspector(&live))
//
// The page shows the tree of scopes with their tasks, daemons, children and
// guards; of a scope that is ending, what it waits for and for how long; and the
// last teardowns, each with its waterfall. It asks for news once a second, four
// times a second while something ends, and not at all while it is hidden. It
// needs no script to be read; without one it does not update itself.
//
// See [Inspector.ServeHTTP] for what there is beside the page.
//
// The zero value is ready. It must not be copied. All methods may be called
// from any goroutine at any time, also during a teardown. Nothing is computed
// but for a request.
type Inspector struct {
	// Hosts are the names, without a port, by which the page may be asked for
	// beside localhost and numeric addresses; "*" stands for any. A browser that a
	// foreign site has led here by a name of that site's own, which is called DNS
	// rebinding, names that site, and is refused. Hosts must not be changed once
	// the Inspector serves.
	Hosts []string

	// No code that is not the Inspector's runs under mu: neither the methods of a
	// source, which take the locks of scopes, nor the methods of an error.
	mu      sync.Mutex        // protects following fields
	last    uint64            // number given out; grows with each Watch and Add
	sources map[uint64]source // by number
	kept    []kept            // the last teardowns, oldest first
	paths   map[string]int    // how many of kept there are of each path
}

const (
	maxKept     = 32   // teardowns
	maxEntries  = 1000 // of one that is kept; beyond it is folded
	maxFolded   = 250  // lines then, about
	maxErrors   = 1024 // bytes of the text of one entry's error
	maxListed   = 3    // failures that a teardown's line names
	maxDepended = 1 << 14
)

// kept is a teardown that has ended. It is immutable.
type kept struct {
	id     uint64
	report *Report // folded
	drops  int     // all of them
	waves  int
	failed []string // the first, with their outcomes
	faults int      // all of them
}

// Watch shows s on the page until remove is called, which it may be any number
// of times. s is a root scope: nested ones are in its snapshot.
func (i *Inspector) Watch(s interface {
	Snapshot() Snapshot
	Plan() Plan
}) (remove func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.sources == nil {
		i.sources = make(map[uint64]source)
	}
	i.last++
	id := i.last
	i.sources[id] = s
	return func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		delete(i.sources, id)
	}
}

// Add shows a teardown that has ended. The last 32 are kept; when there are more, the oldest of the
// path that has the most goes, so that a thousand requests a second do not drive
// out the one teardown that matters. They are kept as copies that hold on to no
// error but its text, and teardowns of more than a thousand drops folded to the ones
// that went wrong, set the total or took longest. r is not changed, and must not
// be during the call. A nil report is ignored.
func (i *Inspector) Add(r *Report) {
	if r == nil {
		return
	}
	k := keep(r)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last++
	k.id = i.last
	i.kept = append(i.kept, k)
	if i.paths == nil {
		i.paths = make(map[string]int)
	}
	i.paths[k.report.Scope]++
	if len(i.kept) > maxKept {
		i.forgetLocked()
	}
}

// forgetLocked forgets the oldest teardown of the path that has the most.
func (i *Inspector) forgetLocked() {
	at, most := 0, 0
	for n := range i.kept {
		if count := i.paths[i.kept[n].report.Scope]; count > most {
			at, most = n, count
		}
	}
	path := i.kept[at].report.Scope
	if i.paths[path]--; i.paths[path] == 0 {
		delete(i.paths, path)
	}
	i.kept = slices.Delete(i.kept, at, at+1)
}

// watched is a source with its number.
type watched struct {
	id     uint64
	source source
}

// watching returns the sources in the order in which they came, and the kept
// teardowns, newest first. Snapshots are taken by the caller, outside the lock.
func (i *Inspector) watching() ([]watched, []kept) {
	i.mu.Lock()
	defer i.mu.Unlock()
	sources := make([]watched, 0, len(i.sources))
	for id, s := range i.sources {
		sources = append(sources, watched{id, s})
	}
	slices.SortFunc(sources, func(a, b watched) int { return cmp.Compare(a.id, b.id) })
	teardowns := slices.Clone(i.kept)
	slices.Reverse(teardowns)
	return sources, teardowns
}

// source returns the source of that number, nil if it is gone.
func (i *Inspector) source(id uint64) source {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.sources[id]
}

// report returns the report of that number, nil if it is no longer kept.
func (i *Inspector) report(id uint64) *Report {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, k := range i.kept {
		if k.id == id {
			return k.report
		}
	}
	return nil
}

// keep makes of r what is kept.
func keep(r *Report) kept {
	k := kept{drops: len(r.Entries), waves: r.waveCount()}
	for _, e := range r.Entries {
		if !failed(e.Outcome) {
			continue
		}
		if k.faults++; k.faults <= maxListed {
			k.failed = append(k.failed, term.Clean(e.Name)+" ("+term.Clean(e.Outcome)+")")
		}
	}
	small := *r
	small.Error, small.Cause = term.Cut(r.Error, term.MaxText), term.Cut(r.Cause, maxErrors)
	small.Drain.Items, _ = r.Drain.listed()
	if len(r.Entries) > maxEntries {
		rows := r.rows(maxEntries, maxFolded)
		small.Entries = make([]Entry, len(rows))
		for i, row := range rows {
			small.Entries[i] = row.kept()
		}
	} else {
		small.Entries = slices.Clone(r.Entries)
	}
	edges := 0
	for i := range small.Entries {
		e := &small.Entries[i]
		if e.Err != nil {
			e.Err = errors.New(term.Cut(term.Error(e.Err), maxErrors))
		}
		if edges += len(e.DependsOn); edges > maxDepended {
			e.DependsOn = nil
		}
		e.DependsOn = slices.Clone(e.DependsOn)
	}
	k.report = &small
	return k
}

// kept returns the entry of a row; for a fold, one that stands for all in it.
func (w row) kept() Entry {
	if w.entry == nil {
		queued, started, ended := w.span()
		return Entry{
			Name: w.label(), Kind: w.fold[0].Kind, Wave: w.wave, Outcome: w.worst(),
			Queued: queued, Started: started, Ended: ended,
		}
	}
	return *w.entry
}

// took returns how long a teardown took.
func (k kept) took() time.Duration { return k.report.took() }
