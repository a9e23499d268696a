// Package secret makes, hashes, seals and compares secrets.
package secret
