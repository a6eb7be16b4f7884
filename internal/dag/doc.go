// Package dag makes pictures of graphs whose nodes have names and lie in layers: it
// folds a graph to a size that can be looked at, leaves out the edges that follow
// from others, and places nodes and edges in a layered drawing.
//
// It knows nothing of what the nodes are. Its callers give them sizes, and draw them.
package dag
