package geo

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"

	"github.com/oschwald/maxminddb-golang"
)

// Place is where an address is, as far as the file knows. A member that is not known is empty.
type Place struct {
	City    string // in English
	Country string // ISO 3166-1 alpha-2
}

// Places finds places. A nil *Places knows none: that is how it is without a file.
type Places struct {
	path string
	db   atomic.Pointer[maxminddb.Reader]

	mu   sync.Mutex
	seen os.FileInfo // the file that was looked at last, good or not
}

// Open reads a file. Its error names what is wrong with it.
func Open(path string) (*Places, error) {
	p := &Places{path: path}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	db, err := read(path)
	if err != nil {
		return nil, err
	}
	p.seen = info
	p.db.Store(db)
	return p, nil
}

// Check tells what Open would say of a file, without reading all of it.
func Check(path string) error {
	db, err := maxminddb.Open(path)
	if err != nil {
		return fault(path, err)
	}
	defer db.Close()
	return check(path, db)
}

// read takes the file into memory. Mapping it would cost less, and kill the process when somebody copies a new file over
// the old one instead of renaming it.
func read(path string) (*maxminddb.Reader, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	db, err := maxminddb.FromBytes(b)
	if err != nil {
		return nil, fault(path, err)
	}
	return db, check(path, db)
}

// anywhere are addresses all over the tree.
var anywhere = []string{"1.1.1.1", "8.8.8.8", "81.2.69.142", "133.1.1.1", "196.1.1.1", "223.255.255.1", "2001:218::1", "2a02:d500::1"}

// check looks at what can be looked at in no time. What describes a file stands at its end, so that one that was cut off is
// none; a full verification would take seconds of a start, and refuse files that serve.
func check(path string, db *maxminddb.Reader) error {
	for _, a := range anywhere {
		if _, err := find(db, netip.MustParseAddr(a)); err != nil {
			return fault(path, err)
		}
	}
	return nil
}

func fault(path string, err error) error {
	var file *os.PathError
	if errors.As(err, &file) {
		return err
	}
	return fmt.Errorf("%s is not a usable MaxMind database: %w", path, err)
}

// Reload takes the file in anew if it is another one than before, and tells whether it did. With an error the old one is
// kept, and the same file is not tried again.
func (p *Places) Reload() (changed bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	info, err := os.Stat(p.path)
	if err != nil {
		return false, err // in the moment of a swap there may be none
	}
	if os.SameFile(info, p.seen) && info.ModTime().Equal(p.seen.ModTime()) && info.Size() == p.seen.Size() {
		return false, nil
	}
	p.seen = info
	db, err := read(p.path)
	if err != nil {
		return false, err
	}
	p.db.Store(db)
	return true, nil
}

// At returns where an address is; nowhere for one that is not known, not public or no address.
func (p *Places) At(address string) Place {
	if p == nil {
		return Place{}
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return Place{}
	}
	place, err := find(p.db.Load(), ip.Unmap())
	if err != nil { // a place is for show: nothing fails for want of it
		return Place{}
	}
	return place
}

// record is what is read of a file's; those of countries alone have no city.
type record struct {
	City struct {
		Names struct {
			English string `maxminddb:"en"`
		} `maxminddb:"names"`
	} `maxminddb:"city"`
	Country struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
}

func find(db *maxminddb.Reader, ip netip.Addr) (Place, error) {
	if ip.Is6() && db.Metadata.IPVersion == 4 {
		return Place{}, nil
	}
	var r record
	if err := db.Lookup(net.IP(ip.AsSlice()), &r); err != nil {
		return Place{}, err
	}
	return Place{City: text(r.City.Names.English, 100), Country: text(r.Country.Code, 2)}, nil
}

// text keeps what can be stored and shown: of the file nothing is known but its format.
func text(s string, most int) string {
	b := bytes.ToValidUTF8([]byte(s), nil)
	if len(b) > most || bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' }) {
		return ""
	}
	return string(b)
}
