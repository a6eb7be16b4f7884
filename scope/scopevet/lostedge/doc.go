// Package lostedge defines an analyzer that reports uses of a guard from which ebb
// cannot learn that one guard depends on another.
//
// # Analyzer lostedge
//
// lostedge: report a use of a guard that records no edge
//
// A guard depends on what its open function uses through its context: the method
// Use of a handle records that, and Value does not. Without the edge the two are
// dropped in any order, or at once.
//
// The check reports, inside an open function (of Acquire, Lazy, NewSlot, NewSlots
// or Replace), a handle that is read by Value:
//
//	cache, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
//		return NewCache(db.Value()) // the edge cache -> db is lost: want db.Use(ctx)
//	}, guard.Close)
//
// and one that is used through a context that is not the open function's, such as
// that of the scope. It follows values that were read before and handles that are
// passed to other functions. What is acquired or started inside an open function
// through another context than its own is reported, too.
//
// A drop function that uses a guard of the same scope on which its own guard does
// not depend is reported, and so is a daemon that reads a guard which its DependsOn
// leaves out.
//
// A handle that DependsOn, AlsoDependsOn or Depend names is not reported, nor one
// that the open function also uses as it should.
package lostedge
