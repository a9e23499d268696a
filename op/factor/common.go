package factor

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// What people choose when they must choose something: words, names, teams, brands, keyboard walks. Each stands for
// itself and for all that common makes of it (capitals, leet, digits in front or behind, doubled, reversed), so that a
// few pages of words refuse what a list of millions would.
//
//go:embed words.txt
var wordsText string

var words = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(wordsText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, w := range strings.Fields(line) {
			set[w] = true
		}
	}
	return set
})

// maxTrimming is how many characters around a word still leave the password guessable: a year and a mark, "123!", "01".
const maxTrimming = 5

// common reports whether a password is among the first that are guessed (SP 800-63B 5.1.1.2: breach corpora,
// dictionary words, repetitive or sequential characters).
func common(password string) bool {
	return commonFolded(fold(password)) || commonFolded(fold(umlauts.Replace(password)))
}

func commonFolded(p string) bool {
	if predictable(p) || repeats(p) || interleaved(p) {
		return true
	}
	for _, w := range []string{p, unleet(p)} {
		if isWord(w) || isWord(unrepeat(w)) {
			return true
		}
		core, trimming := trim(w)
		if core != "" && isWord(core) && (len(trimming) <= maxTrimming || predictable(trimming)) {
			return true
		}
	}
	// Leet that stands beside digits of its own: p4ssw0rd123 trims to p4ssw0rd first.
	core, trimming := trim(p)
	return core != "" && isWord(unleet(core)) && (len(trimming) <= maxTrimming || predictable(trimming))
}

func isWord(w string) bool {
	return len(w) >= 3 && (words()[w] || words()[reversed(w)])
}

// fold is what guessing programs try anyway: no case, no accents, no spaces.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) || unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(s))
}

var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "ae", "Ö", "oe", "Ü", "ue", "ß", "ss")

var leet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "9", "g",
	"@", "a", "$", "s", "!", "i", "+", "t", "|", "l", "€", "e")

func unleet(s string) string { return leet.Replace(s) }

// trim takes off what is not a letter in front and behind, and returns it together as the trimming.
func trim(s string) (core, trimming string) {
	notLetter := func(r rune) bool { return !unicode.IsLetter(r) }
	left := strings.TrimLeftFunc(s, notLetter)
	core = strings.TrimRightFunc(left, notLetter)
	return core, s[:len(s)-len(left)] + left[len(core):]
}

// repeats reports whether s is one short piece over and over: aaaaaaaa, abcabcabc, 20202020.
func repeats(s string) bool {
	u := unrepeat(s)
	return len(u) <= 4 && len(u) < len(s)
}

// unrepeat returns the shortest piece that s is made of: "passpass" is "pass".
func unrepeat(s string) string {
	// A string is a repetition of a shorter one exactly if it occurs in its own double at a place between the ends.
	if s == "" {
		return s
	}
	at := strings.Index((s + s)[1:], s)
	return s[:at+1]
}

var keyboard = []string{"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiopü", "asdfghjklöä", "yxcvbnm",
	"azertyuiop", "qsdfghjklm", "wxcvbn", "1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm",
	"!qaz", "@wsx", "#edc", "$rfv", "!@#$%^&*()", "147258369", "789456123", "1357924680"}

// predictable reports whether s consists of few runs, each repeating one character or walking along the alphabet, the
// digits or a row of keys: abcdefgh, 87654321, aaaa1111, qwer1234.
func predictable(s string) bool {
	r := []rune(s)
	runs := 1
	for i := 1; i < len(r); i++ {
		if !follows(r[i-1], r[i]) {
			runs++
		}
	}
	return runs <= max(1, len(r)/4)
}

// interleaved reports whether every other character makes a walk and so do those between: 1q2w3e4r, a1b2c3d4.
func interleaved(s string) bool {
	var half [2][]rune
	for i, r := range []rune(s) {
		half[i%2] = append(half[i%2], r)
	}
	return len(half[1]) >= 3 && predictable(string(half[0])) && predictable(string(half[1]))
}

func follows(a, b rune) bool {
	if d := b - a; d >= -1 && d <= 1 {
		return true
	}
	forth, back := string([]rune{a, b}), string([]rune{b, a})
	for _, row := range keyboard {
		if strings.Contains(row, forth) || strings.Contains(row, back) {
			return true
		}
	}
	return false
}

func reversed(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

// minOwn is how many characters a password must have beside the account's own words.
const minOwn = 5

// personal reports whether little is left of a password when the account's words are taken out of it: the parts of the
// addresses and names in own, and the name of the service (SP 800-63B 5.1.1.2: context-specific words).
func personal(password string, own []string) bool {
	for _, p := range []string{fold(password), unleet(fold(password))} {
		rest, taken := p, false
		for _, text := range own {
			for _, w := range ownWords(text) {
				if strings.Contains(rest, w) {
					rest, taken = strings.ReplaceAll(rest, w, ""), true
				}
			}
		}
		if taken && len([]rune(rest)) < minOwn {
			return true
		}
	}
	return false
}

// ownWords returns a text and its parts, longest first, without those too short to mean anything.
func ownWords(text string) (list []string) {
	whole := fold(text)
	local, domain, _ := strings.Cut(whole, "@")
	all := append([]string{whole, local, domain}, strings.FieldsFunc(strings.ToLower(norm.NFKC.String(text)),
		func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })...)
	for _, w := range all {
		if w = fold(w); len(w) >= 3 {
			list = append(list, w)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
	return list
}
