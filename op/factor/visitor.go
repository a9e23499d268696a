package factor

import (
	"net/netip"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Who is somebody at the door: the account they name and where they come from.
type Who struct {
	// UserID is "" when nobody has the identifier; the check then costs and counts as if somebody had.
	UserID string
	// Identifier is what was typed, normalised. It counts only where UserID is "", so that one account has one budget
	// whichever of its addresses is named.
	Identifier string
	// Address is the visitor's, as the trusted proxies report it.
	Address netip.Addr
	// Device is the id of the device if, and only if, it showed its cookie and this user signed in on it before
	// (storage.HasSignedIn). It has a budget of its own.
	Device string
}

func (w Who) account() string {
	if w.UserID != "" {
		return w.UserID
	}
	return canonical(w.Identifier)
}

// known reports whether the visitor uses a device on which the account was signed in before.
func (w Who) known() bool { return w.UserID != "" && w.Device != "" }

// slot is what one visitor cannot take from another: codes are the newest only within it, so a stranger who asks for
// codes does not make the owner's worthless.
func (w Who) slot() string {
	if w.known() {
		return w.Device
	}
	return network(w.Address)
}

// canonical undoes the spellings of one address that lead to one mailbox for nearly everybody: case, width, and what
// stands behind a plus. It is a key for counting, never an address to send to.
func canonical(identifier string) string {
	// Lowering can leave letters and accents apart that NFKC puts together, so it comes before and after.
	s := strings.TrimSpace(norm.NFKC.String(strings.ToLower(norm.NFKC.String(identifier))))
	local, domain, ok := strings.Cut(s, "@")
	if !ok {
		return s
	}
	local, _, _ = strings.Cut(local, "+")
	ends := func(r rune) bool { return r == '.' || unicode.IsSpace(r) } // example.com. is example.com
	return strings.TrimSpace(local) + "@" + strings.TrimFunc(domain, ends)
}

// address is what one visitor at the least has for themselves: an IPv4 address, or an IPv6 /64, of which every single
// connection has 2^64 addresses (RFC 6177).
func address(a netip.Addr) string { return prefix(a, 32, 64) }

// network is what one provider's customer or one small provider has: an IPv4 /24 or an IPv6 /64.
func network(a netip.Addr) string { return prefix(a, 24, 64) }

// site is the widest that is counted: an IPv4 /24 or an IPv6 /48 (RFC 6177: what a site gets).
func site(a netip.Addr) string { return prefix(a, 24, 48) }

func prefix(a netip.Addr, bits4, bits6 int) string {
	a = a.Unmap().WithZone("")
	bits := bits6
	if a.Is4() {
		bits = bits4
	}
	p, err := a.Prefix(bits)
	if err != nil || !p.IsValid() {
		return "unknown" // no address: all of those share one budget
	}
	return p.String()
}
