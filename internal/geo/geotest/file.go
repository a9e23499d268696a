// Package geotest makes small files in MaxMind's format for tests.
package geotest

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"github.com/curfew-id/curfew/internal/geo"
)

// Bytes returns a database in which networks such as 192.0.2.0/24 are at places.
func Bytes(t testing.TB, places map[string]geo.Place) []byte {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "Test-City", RecordSize: 24, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for network, place := range places {
		_, n, err := net.ParseCIDR(network)
		if err == nil {
			err = tree.Insert(n, mmdbtype.Map{
				"city":    mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String(place.City), "de": mmdbtype.String("eine Stadt")}},
				"country": mmdbtype.Map{"iso_code": mmdbtype.String(place.Country)},
			})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := tree.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// File writes what Bytes returns into a directory of the test and returns its path.
func File(t testing.TB, places map[string]geo.Place) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "city.mmdb")
	if err := os.WriteFile(path, Bytes(t, places), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
