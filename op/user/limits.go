package user

// What a profile may hold.
const (
	MaxName         = 200  // characters of a name or a part of one
	MaxSessionLimit = 1000 // devices to be signed in on at a time
)
