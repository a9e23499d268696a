// Package locale owns the words of the hosted pages, one JSON file a language.
//
// A file is a flat object from key to text. {0}, {1} ... stand for values; a key
// that counts has the two forms key.one and key.other. Every file has the same
// keys, which a test in ui/page checks against the templates.
package locale
