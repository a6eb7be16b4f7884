package guard

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/life"
	"go.uber.org/multierr"
)

// A Table is a set of guards under unique keys. Its Drop drops them all. All
// methods may be called concurrently, also on a nil *Table, which is as after Drop.
// The zero Table is empty and ready to use; it must not be copied.
//
// A Table needs no leak hook: when it is forgotten its guards are, and each is
// reported with its own site.
type Table[K comparable, V any] struct {
	life life.Life

	entries map[K]entry[V] // under the lock of life, which is held when a guard's is taken
	n       uint64         // insertions so far; under the lock of life
}

type entry[V any] struct {
	g     *Guard[V] // given to the table
	order uint64    // when it was inserted
}

// A keyed is an entry out of the map, with its key.
type keyed[K comparable, V any] struct {
	key K
	entry[V]
}

// A KeyError is the error of one guard of a [Table], which its Drop returns in a list. It
// is immutable. Its text is one line; the key is printed as by [fmt.Sprint].
type KeyError struct {
	Key any
	Err error
}

func (e *KeyError) Error() string     { return "key " + fault.Print(e.Key) + ": " + fault.Text(e.Err) }
func (e *KeyError) Unwrap() error     { return e.Err }
func (e *KeyError) ErrorType() string { return fault.Type(e.Err) }

var _ Dropper = (*Table[int, int])(nil)

// NewTable returns an empty table.
func NewTable[K comparable, V any]() *Table[K, V] { return new(Table[K, V]) }

// TryInsert gives g to the table: from then on its own Get, Borrow, Drop and
// Release are ErrOwned, while its Done and Err report when and how the value was
// dropped. With an error, g stays with the caller, which owes its drop as before:
// ErrDuplicate if k is taken, ErrDropped once Drop was called, and the error of
// g's Get if g is gone or owned.
func (t *Table[K, V]) TryInsert(k K, g *Guard[V]) error {
	if t == nil {
		return ErrDropped
	}
	t.life.Open()
	t.life.Lock()
	defer t.life.Unlock()
	if s := t.life.State(); s != life.Live { // refused or in the map before Drop reads it: one lock decides
		return s.Refusal()
	}
	if _, taken := t.entries[k]; taken {
		return ErrDuplicate
	}
	if err := g.take(); err != nil {
		return err
	}
	if t.entries == nil {
		t.entries = make(map[K]entry[V])
	}
	t.n++
	t.entries[k] = entry[V]{g: g, order: t.n}
	return nil
}

// Get returns the value under k; false if there is none, and once Drop was
// called. It does not keep the value from being dropped.
func (t *Table[K, V]) Get(k K) (V, bool) {
	e, ok := t.entry(k)
	if !ok {
		var zero V
		return zero, false
	}
	return e.g.in().Raw(), true
}

// entry returns what is under k, as long as the table is in use.
func (t *Table[K, V]) entry(k K) (e entry[V], ok bool) {
	if t == nil {
		return e, false
	}
	t.life.Lock()
	defer t.life.Unlock()
	if t.life.State() != life.Live {
		return e, false
	}
	e, ok = t.entries[k]
	return e, ok
}

// Take removes the guard under k and hands it to the caller, which owes its drop;
// false as for Get.
func (t *Table[K, V]) Take(k K) (*Guard[V], bool) {
	if t == nil {
		return nil, false
	}
	t.life.Lock()
	defer t.life.Unlock()
	e, ok := t.entries[k]
	if !ok || t.life.State() != life.Live {
		return nil, false
	}
	delete(t.entries, k)
	e.g.in().Give()
	return e.g, true
}

// All ranges over the keys and values in the order of insertion. It sees what the
// table held when the loop began, without what is taken out before its turn. No
// lock is held in the loop's body.
func (t *Table[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, e := range t.sorted(life.Live) {
			if now, ok := t.entry(e.key); ok && now.order == e.order && !yield(e.key, e.g.in().Raw()) {
				return
			}
		}
	}
}

// Len returns how many guards the table holds: 0 once Drop was called.
func (t *Table[K, V]) Len() int {
	if t == nil {
		return 0
	}
	t.life.Lock()
	defer t.life.Unlock()
	if t.life.State() != life.Live {
		return 0
	}
	return len(t.entries)
}

// sorted returns the entries in the order of insertion, if the state is want.
func (t *Table[K, V]) sorted(want life.State) []keyed[K, V] {
	if t == nil {
		return nil
	}
	t.life.Lock()
	var all []keyed[K, V]
	if t.life.State() == want {
		all = make([]keyed[K, V], 0, len(t.entries))
		for k, e := range t.entries {
			all = append(all, keyed[K, V]{k, e})
		}
	}
	t.life.Unlock()
	slices.SortFunc(all, func(a, b keyed[K, V]) int { return cmp.Compare(a.order, b.order) })
	return all
}

// Drop drops all guards concurrently and waits for them. Each is attempted,
// whatever becomes of the others: a panic is contained, as is a Goexit. The errors
// are one flat list of *[KeyError] in the order of insertion. In all else Drop is
// as [Guard.Drop].
func (t *Table[K, V]) Drop(ctx context.Context) error {
	if t == nil {
		return nil
	}
	t.life.Open()
	return t.life.Drop(ctx, (*droppedTable[K, V])(t), life.Live, 0)
}

// A droppedTable is a table as its life sees it.
type droppedTable[K comparable, V any] Table[K, V]

// AwaitIdle waits for the functions that borrowed a value before it was given to the
// table. It goes through all of them, also when one is the caller's own: the error
// names each key that is in use.
func (t *droppedTable[K, V]) AwaitIdle(ctx context.Context) error {
	var err error
	for _, e := range (*Table[K, V])(t).sorted(life.Draining) {
		if busy := e.g.in().AwaitIdle(ctx); busy != nil {
			err = multierr.Append(err, &KeyError{Key: e.key, Err: busy})
		}
	}
	return err
}

// Call drops the guards. The state is Dropping, so that none is added or taken out.
func (t *droppedTable[K, V]) Call(ctx context.Context) error {
	all := (*Table[K, V])(t).sorted(life.Dropping)
	errs := concurrently(len(all), 0, func(i int) error { return all[i].g.in().Drop(ctx, life.Given, 0) })
	for i, err := range errs {
		if err != nil {
			errs[i] = &KeyError{Key: all[i].key, Err: err}
		}
	}
	t.life.Lock()
	t.entries = nil
	t.life.Unlock()
	return multierr.Combine(errs...)
}

// Conclude adds nothing to the outcome.
func (t *droppedTable[K, V]) Conclude(err error) error { return err }

func (t *droppedTable[K, V]) Label() string {
	return "Table[" + life.TypeFor[K]() + "," + life.TypeFor[V]() + "]"
}
