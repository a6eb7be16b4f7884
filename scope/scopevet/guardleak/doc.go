// Package guardleak defines an analyzer that reports guards that are forgotten on
// some path.
//
// # Analyzer guardleak
//
// guardleak: report a guard that is not given up on some path
//
// Who makes a guard owes its drop: by guard.New and Of, by Map and Share, by Clone,
// Unshare, Unwrap, Upgrade, Take and the Get of a Lazy. A guard must be dropped or
// released, given to a scope or to another container, returned or stored.
//
// The check reports a path from the place where a guard is made to the end of the
// function, or to the next turn of a loop, on which it is only read:
//
//	g := guard.New(conn, guard.Close)
//	if err := ping(ctx, g.Value()); err != nil {
//		return err // g is forgotten here: want g.Drop(ctx)
//	}
//	_, err := scope.Register(s, "conn", g)
//
// A guard that is given to any other function counts as given away. Functions that
// return a guard they have made are followed, in other packages too; where they
// return an error beside it, there is no guard on the path of the error.
package guardleak
