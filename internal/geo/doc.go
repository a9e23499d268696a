// Package geo tells where an address is, by a file in MaxMind's format that the operator provides (GeoIP2, GeoLite2 or
// another database of cities or countries), and what a country is called.
package geo
