// Package term fits texts into lines: how many cells a text takes in a terminal,
// how a text of any origin is made safe to show, how long it may be when it leaves
// the process, and how durations and counts are written in little room.
package term
