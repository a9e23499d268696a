package session

import "github.com/curfew-id/curfew/internal/geo"

// Place tells where an address is, as far as it is known.
func (s *Sessions) Place(address string) geo.Place { return s.opts.Places.At(address) }
