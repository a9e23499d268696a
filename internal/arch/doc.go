// Package arch keeps the shape of the house: which package may import which, where time is read, and how
// long a file may be. The rules are the table in rules.go; the test of this package applies them to the
// module as it stands.
package arch
