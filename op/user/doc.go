// Package user owns people: who they are, what they are found by, and what relying parties are told about them.
package user
