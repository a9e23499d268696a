package geo_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/geo"
	"github.com/curfew-id/curfew/internal/geo/geotest"
)

// file makes a database in which 81.2.69.0/24 and 2001:218::/32 are in a city.
func file(t *testing.T, city string) []byte {
	t.Helper()
	place := geo.Place{City: city, Country: "GB"}
	return geotest.Bytes(t, map[string]geo.Place{"81.2.69.0/24": place, "2001:218::/32": place})
}

func write(t *testing.T, path string, body []byte, at time.Time) {
	t.Helper()
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestPlaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "city.mmdb")
	write(t, path, file(t, "London"), time.Unix(1, 0))
	p, err := geo.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := geo.Check(path); err != nil {
		t.Error(err)
	}
	london := geo.Place{City: "London", Country: "GB"}
	for address, want := range map[string]geo.Place{"81.2.69.142": london, "::ffff:81.2.69.1": london, "2001:218::9": london,
		"81.2.70.1": {}, "127.0.0.1": {}, "": {}, "invalid IP": {}} {
		if got := p.At(address); got != want {
			t.Errorf("%q is in %+v", address, got)
		}
	}
	var none *geo.Places
	if got := none.At("81.2.69.142"); got != (geo.Place{}) {
		t.Errorf("without a file: %+v", got)
	}
}

// geoipupdate replaces the file under a running server; what is no database replaces nothing.
func TestFileThatChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "city.mmdb")
	write(t, path, file(t, "London"), time.Unix(1, 0))
	p, err := geo.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		name    string
		body    []byte
		changed bool
		fails   bool
		want    string
	}{
		{"the same", nil, false, false, "London"},
		{"another", file(t, "Paris"), true, false, "Paris"},
		{"garbage", []byte("<html>quota exceeded</html>"), false, true, "Paris"},
		{"the same garbage", nil, false, false, "Paris"},
		{"empty", []byte{}, false, true, "Paris"},
		{"cut off", file(t, "Rome")[:200], false, true, "Paris"},
		{"mended", file(t, "Rome"), true, false, "Rome"},
	} {
		if c.body != nil {
			write(t, path, c.body, time.Unix(int64(10+i), 0))
		}
		changed, err := p.Reload()
		if changed != c.changed || (err != nil) != c.fails {
			t.Errorf("%s: %v, %v", c.name, changed, err)
		}
		if got := p.At("81.2.69.142").City; got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Reload(); err == nil || p.At("81.2.69.142").City != "Rome" {
		t.Errorf("no file: %v", err)
	}
}

func TestFileThatIsNone(t *testing.T) {
	dir := t.TempDir()
	for name, body := range map[string][]byte{"garbage": []byte("garbage"), "empty": {}} {
		path := filepath.Join(dir, name)
		write(t, path, body, time.Unix(1, 0))
		for _, err := range []error{geo.Check(path), func() error { _, err := geo.Open(path); return err }()} {
			if err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if err := geo.Check(filepath.Join(dir, "none")); !os.IsNotExist(err) {
		t.Error(err)
	}
}

func TestCountry(t *testing.T) {
	for _, c := range []struct{ code, locale, want string }{
		{"DE", "en", "Germany"}, {"DE", "de", "Deutschland"}, {"DE", "de-AT", "Deutschland"}, {"DE", "fr", "Allemagne"},
		{"DE", "", "Germany"}, {"DE", "x-!", "Germany"}, {"", "en", ""}, {"??", "en", "??"},
	} {
		if got := geo.Country(c.code, c.locale); got != c.want {
			t.Errorf("%s in %q: %q", c.code, c.locale, got)
		}
	}
	for _, c := range []struct {
		place geo.Place
		want  string
	}{{geo.Place{City: "Berlin", Country: "DE"}, "Berlin, Deutschland"}, {geo.Place{Country: "DE"}, "Deutschland"},
		{geo.Place{City: "Berlin"}, "Berlin"}, {geo.Place{City: "Singapur", Country: "SG"}, "Singapur"}, {geo.Place{}, ""}} {
		if got := c.place.Show("de"); got != c.want {
			t.Errorf("%+v: %q", c.place, got)
		}
	}
}
