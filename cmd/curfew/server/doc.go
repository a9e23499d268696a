// Package server puts curfew together: the one place where the parts are made and handed to one another. `curfew dev`,
// `curfew serve` and the journeys all start the same Server; what differs is in its Options.
package server
