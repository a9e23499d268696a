package config

import (
	"reflect"
	"strings"
)

// EnvPrefix begins the name of every environment variable of curfew.
const EnvPrefix = "CURFEW_"

// Field is one setting as the outside knows it.
type Field struct {
	Key     string   // in the file: database.url
	Env     string   // in the environment: CURFEW_DATABASE_URL
	Flag    string   // on the command line, without dashes: database-url; "" for secrets, which all users of a machine would see there
	Type    string   // text, secret, number, share, true or false, duration, list of texts, list of networks
	Default string   // as it would be written, "" for none
	Doc     string   // a sentence or a few
	OneOf   []string // the only values, if there are only some
	Secret  bool

	index []int
}

// Section is a group of settings; the first one has no name.
type Section struct {
	Key, Doc string
	Fields   []Field
}

var sections = walk()

// Sections returns all settings in the order of the reference.
func Sections() []Section { return sections }

// Fields returns all settings in the order of the reference.
func Fields() []Field {
	var all []Field
	for _, s := range sections {
		all = append(all, s.Fields...)
	}
	return all
}

func walk() []Section {
	t := reflect.TypeFor[Config]()
	list := []Section{{}}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Type.Kind() != reflect.Struct || f.Type == reflect.TypeFor[Secret]() {
			list[0].Fields = append(list[0].Fields, newField("", f, i))
			continue
		}
		s := Section{Key: f.Tag.Get("key"), Doc: f.Tag.Get("doc")}
		for j := range f.Type.NumField() {
			s.Fields = append(s.Fields, newField(s.Key+".", f.Type.Field(j), i, j))
		}
		list = append(list, s)
	}
	return list
}

func newField(prefix string, f reflect.StructField, index ...int) Field {
	key := prefix + f.Tag.Get("key")
	out := Field{
		Key:     key,
		Env:     EnvPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_")),
		Flag:    strings.NewReplacer(".", "-", "_", "-").Replace(key),
		Type:    typeName(f.Type),
		Default: f.Tag.Get("default"),
		Doc:     f.Tag.Get("doc"),
		OneOf:   strings.Fields(f.Tag.Get("oneof")),
		Secret:  f.Type == reflect.TypeFor[Secret](),
		index:   index,
	}
	if out.Secret {
		out.Flag = ""
	}
	return out
}

// in returns the address of the field's value in c.
func (f Field) in(c *Config) any {
	return reflect.ValueOf(c).Elem().FieldByIndex(f.index).Addr().Interface()
}
