package config

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// Sources are where settings come from. Flags win over the environment, the environment over the file.
type Sources struct {
	File    string            // a YAML file; "" for none
	Environ []string          // as of os.Environ; nil for none
	Flags   map[string]string // the flags that were given, by key: database.url
}

// Default returns the defaults. They are not enough to start with: an issuer, a database and a key are missing.
func Default() *Config {
	c := new(Config)
	for _, f := range Fields() {
		if f.Default == "" {
			continue
		}
		if err := f.set(c, f.Default); err != nil {
			panic("config: default of " + f.Key + ": " + err.Error())
		}
	}
	return c
}

// Load reads and checks the settings. The error is a Problems with everything that is wrong.
func Load(src Sources) (*Config, error) {
	c, problems := read(src)
	if src.File == "" || !problems.has(src.File) { // of a file that cannot be read, everything would be missing
		c.check(&problems)
	}
	if err := problems.err(); err != nil {
		return nil, err
	}
	return c, nil
}

func read(src Sources) (*Config, Problems) {
	c := Default()
	var problems Problems
	if src.File != "" {
		c.readFile(src.File, &problems)
	}
	c.readEnviron(src.Environ, &problems)
	for _, key := range slices.Sorted(maps.Keys(src.Flags)) {
		f, ok := byKey(key)
		if !ok || f.Flag == "" {
			problems.add(key, "there is no such flag")
			continue
		}
		c.assign(f, src.Flags[key], "--"+f.Flag, &problems)
	}
	c.readSecrets(&problems)
	if c.MetricsListen == "none" {
		c.MetricsListen = ""
	}
	return c, problems
}

func (c *Config) readFile(path string, problems *Problems) {
	k := koanf.New(".")
	if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
		problems.add(path, oneLine(plain(err)))
		return
	}
	all := k.All()
	for _, key := range slices.Sorted(maps.Keys(all)) {
		f, ok := byKey(key)
		switch {
		case ok && all[key] == nil: // "host:" and nothing behind it
		case ok:
			c.assign(f, all[key], path, problems)
		case isSection(key):
			if m, isMap := all[key].(map[string]any); all[key] != nil && (!isMap || len(m) > 0) {
				problems.add(key, "is a section with keys of its own, not a value")
			}
		default:
			problems.add(key, fmt.Sprintf("unknown key in %s; the nearest is %s", path, nearest(key, keys())))
		}
	}
}

// foreign are variables that begin with CURFEW_ and are no settings: the file's path, those of the tests, and those
// that Kubernetes sets in every container beside a service named curfew or curfew-something.
var foreign = regexp.MustCompile(`^CURFEW_(CONFIG$|TEST_|([A-Z0-9_]+_)?(SERVICE_HOST$|SERVICE_PORT(_|$)|PORT_[0-9]+_(TCP|UDP|SCTP)(_|$)))`)

func (c *Config) readEnviron(environ []string, problems *Problems) {
	if environ == nil {
		environ = []string{} // the provider takes nil for os.Environ
	}
	k := koanf.New("\x00") // the names are flat
	err := k.Load(env.Provider("", env.Opt{Prefix: EnvPrefix, EnvironFunc: func() []string { return environ }}), nil)
	if err != nil {
		problems.add("environment", oneLine(err))
		return
	}
	all := k.All()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		value, _ := all[name].(string)
		f, ok := byEnv(name)
		switch {
		case ok && value == "": // as a compose file leaves it for a variable that is not set
		case ok:
			c.assign(f, value, name, problems)
		case foreign.MatchString(name), strings.HasSuffix(name, "_PORT") && strings.Contains(value, "://"):
		default:
			problems.add(name, "unknown variable; the nearest is "+nearest(name, envs()))
		}
	}
}

func (c *Config) assign(f Field, raw any, from string, problems *Problems) {
	if err := f.set(c, raw); err != nil {
		problems.add(f.Key, err.Error()+" (from "+from+")")
	}
}

// readSecrets reads the files that hold secrets.
func (c *Config) readSecrets(problems *Problems) {
	for _, f := range Fields() {
		from, ok := byKey(f.Key + "_file")
		if !f.Secret || !ok {
			continue
		}
		path, into := *from.in(c).(*string), f.in(c).(*Secret)
		if path == "" {
			continue
		}
		if into.IsSet() {
			problems.add(from.Key, "is set as well as "+f.Key+"; set one of them")
			continue
		}
		b, err := os.ReadFile(path)
		text := strings.TrimSpace(string(b)) // editors end files with a line break
		switch {
		case err != nil:
			problems.add(from.Key, oneLine(plain(err)))
		case text == "":
			problems.add(from.Key, path+" is empty")
		default:
			*into = NewSecret(text)
		}
	}
}

func byKey(key string) (Field, bool) { return find(func(f Field) bool { return f.Key == key }) }
func byEnv(env string) (Field, bool) { return find(func(f Field) bool { return f.Env == env }) }

func find(match func(Field) bool) (Field, bool) {
	all := Fields()
	if i := slices.IndexFunc(all, match); i >= 0 {
		return all[i], true
	}
	return Field{}, false
}

func isSection(key string) bool {
	return slices.ContainsFunc(sections[1:], func(s Section) bool { return s.Key == key })
}

func keys() (list []string) {
	for _, f := range Fields() {
		list = append(list, f.Key)
	}
	return list
}

func envs() (list []string) {
	for _, f := range Fields() {
		list = append(list, f.Env)
	}
	return list
}

// plain takes the operation and the path out of a file error: the line begins with the path or its key already.
func plain(err error) error {
	if p, ok := err.(*fs.PathError); ok {
		return fmt.Errorf("cannot %s %s: %w", p.Op, p.Path, p.Err)
	}
	return err
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
