package config

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

func typeName(t reflect.Type) string {
	switch reflect.Zero(t).Interface().(type) {
	case string:
		return "text"
	case Secret:
		return "secret"
	case bool:
		return "true or false"
	case int:
		return "number"
	case float64:
		return "share"
	case time.Duration:
		return "duration"
	case []string:
		return "list of texts"
	case []netip.Prefix:
		return "list of networks"
	}
	panic("config: no setting can be a " + t.String())
}

var (
	errNotText = errors.New("must be text; write it in quotes")
	errNotList = errors.New("must be a list")
)

// set puts a raw value (text from the environment or a flag, anything from YAML) into the field. Errors never repeat
// a secret.
func (f Field) set(c *Config, raw any) error {
	switch p := f.in(c).(type) {
	case *string:
		s, ok := raw.(string)
		if !ok {
			return errNotText
		}
		if len(f.OneOf) > 0 && !slices.Contains(f.OneOf, s) {
			return fmt.Errorf("%q is not one of %s", s, strings.Join(f.OneOf, ", "))
		}
		*p = s
	case *Secret:
		s, ok := raw.(string)
		if !ok {
			return errNotText // a number in YAML has lost its leading zeros by now
		}
		*p = NewSecret(s)
	case *bool:
		switch s := fmt.Sprint(raw); s {
		case "true", "false":
			*p = s == "true"
		default:
			return fmt.Errorf("%q is neither true nor false", s)
		}
	case *int:
		n, err := strconv.Atoi(fmt.Sprint(raw))
		if err != nil {
			return fmt.Errorf("%q is not a whole number", fmt.Sprint(raw))
		}
		*p = n
	case *float64:
		n, err := strconv.ParseFloat(fmt.Sprint(raw), 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", fmt.Sprint(raw))
		}
		*p = n
	case *time.Duration:
		d, err := ParseDuration(fmt.Sprint(raw))
		if err != nil {
			return err
		}
		*p = d
	case *[]string:
		list, err := texts(raw)
		if err != nil {
			return err
		}
		*p = list
	case *[]netip.Prefix:
		list, err := texts(raw)
		if err != nil {
			return err
		}
		*p, err = networks(list)
		return err
	}
	return nil
}

// texts reads a YAML list, or text with commas between.
func texts(raw any) ([]string, error) {
	var list []string
	switch raw := raw.(type) {
	case string:
		for s := range strings.SplitSeq(raw, ",") {
			if s = strings.TrimSpace(s); s != "" {
				list = append(list, s)
			}
		}
	case []any:
		for _, v := range raw {
			s, ok := v.(string)
			if !ok {
				return nil, fmt.Errorf("%v in the list %w", v, errNotText)
			}
			list = append(list, s)
		}
	default:
		return nil, errNotList
	}
	return list, nil
}

func networks(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if a, aerr := netip.ParseAddr(s); aerr == nil && a.Zone() == "" {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("%q is neither a network such as 10.0.0.0/8 nor an address", s)
		case p.Addr().Is4In6():
			return nil, fmt.Errorf("%q must be written as IPv4", s)
		case p != p.Masked():
			return nil, fmt.Errorf("%q has bits set beyond its length; write %s", s, p.Masked())
		case p.Bits() == 0:
			return nil, fmt.Errorf("%q is every address there is", s)
		}
		out = append(out, p)
	}
	return out, nil
}

// text writes the field's value as it would be written in the environment; a secret only as set.
func (f Field) text(c *Config) string {
	switch p := f.in(c).(type) {
	case *time.Duration:
		return FormatDuration(*p)
	case *[]string:
		return strings.Join(*p, ",")
	case *[]netip.Prefix:
		list := make([]string, len(*p))
		for i, n := range *p {
			list[i] = n.String()
		}
		return strings.Join(list, ",")
	case *Secret:
		return p.String()
	default:
		return fmt.Sprint(reflect.ValueOf(p).Elem().Interface())
	}
}
