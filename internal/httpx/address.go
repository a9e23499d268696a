package httpx

import "net/netip"

// refused4 are the IPv4 blocks that are not hosts on the public internet (IANA IPv4 Special-Purpose Address Registry,
// RFC 6890, and RFC 5771 for multicast).
var refused4 = prefixes(
	"0.0.0.0/8",       // this network; 0.0.0.0 connects to the machine itself
	"10.0.0.0/8",      // private, RFC 1918
	"100.64.0.0/10",   // carrier-grade NAT, RFC 6598; also some clouds' metadata
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local; cloud metadata at 169.254.169.254
	"172.16.0.0/12",   // private, RFC 1918
	"192.0.0.0/24",    // protocol assignments, RFC 6890
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // 6to4 relay, RFC 7526
	"192.168.0.0/16",  // private, RFC 1918
	"198.18.0.0/15",   // benchmarking, RFC 2544
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, and broadcast
)

// global6 is the only IPv6 block from which global unicast addresses are assigned. Everything outside is refused
// without being listed: ::, ::1, mapped and compatible IPv4, NAT64 (64:ff9b::/96, which leads back into IPv4),
// unique local, link-local, site-local, multicast.
var global6 = netip.MustParsePrefix("2000::/3")

// refused6 are the blocks inside global6 that are not hosts (IANA IPv6 Special-Purpose Address Registry).
var refused6 = prefixes(
	"2001::/23",     // protocol assignments: Teredo (carries an IPv4 address), ORCHID, benchmarking
	"2001:db8::/32", // documentation
	"2002::/16",     // 6to4: carries an IPv4 address
	"3fff::/20",     // documentation, RFC 9637
)

// Loopback is the list for Options.AllowPrivate that lets a development server reach its own machine.
func Loopback() []netip.Prefix { return prefixes("127.0.0.0/8", "::1/128") }

// Public reports whether a is an address on the public internet. An IPv4 address is judged as such however it is
// written.
func Public(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if a.Is4() {
		return !contains(refused4, a)
	}
	return global6.Contains(a) && !contains(refused6, a)
}

func contains(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}
