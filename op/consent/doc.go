// Package consent owns what users let clients have: whether to ask, recording the answer, withdrawing it.
package consent
