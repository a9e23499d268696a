package factor

// MarshalText writes the hash, so that an account in the making can be kept until its address is verified.
func (p NewPassword) MarshalText() ([]byte, error) { return []byte(p.stored), nil }

// UnmarshalText reads what MarshalText wrote, or returns ErrMalformedHash.
func (p *NewPassword) UnmarshalText(b []byte) error {
	if _, err := parsePHC(string(b)); err != nil {
		return err
	}
	p.stored = string(b)
	return nil
}
