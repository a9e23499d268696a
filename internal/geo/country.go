package geo

import (
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Country returns what a country is called in a language: ("DE", "fr") is Allemagne. A code that no country has is returned
// as it is, and a language that is not known is taken for English.
func Country(code, locale string) string {
	region, err := language.ParseRegion(code)
	if err != nil || !region.IsCountry() {
		return code
	}
	tag, err := language.Parse(locale)
	if err != nil {
		tag = language.English
	}
	names := display.Regions(tag)
	if names == nil {
		names = display.Regions(language.English)
	}
	if name := names.Name(region); name != "" {
		return name
	}
	return code
}

// Show returns a place in words: "Berlin, Germany"; "" for nowhere.
func (p Place) Show(locale string) string {
	country := Country(p.Country, locale)
	switch {
	case p.City == "" || country == "" || p.City == country:
		if p.City == "" {
			return country
		}
		return p.City
	}
	return p.City + ", " + country
}
