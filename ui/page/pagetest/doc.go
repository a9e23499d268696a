// Package pagetest holds samples of every hosted page, full and empty, right and
// faulty: what the tests render and what one looks at when the look changes.
package pagetest
