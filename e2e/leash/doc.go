// Package leash holds child processes that measuring programs start to their parent: a child gets its task on its standard
// input and ends when that closes, however the parent ended.
package leash
