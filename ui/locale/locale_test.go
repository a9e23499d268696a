package locale

import (
	"html/template"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func load(t *testing.T) *Set {
	t.Helper()
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEveryLanguageHasTheSameKeys(t *testing.T) {
	s := load(t)
	first := s.All()[0]
	if first.Lang != Fallback {
		t.Fatalf("first language is %s, want %s", first.Lang, Fallback)
	}
	for _, other := range s.All()[1:] {
		if d := cmp.Diff(first.Keys(), other.Keys()); d != "" {
			t.Errorf("keys of %s and %s differ (-%s +%s):\n%s", first.Lang, other.Lang, first.Lang, other.Lang, d)
		}
	}
}

// Of two texts for one key the reader takes the second, and the first misleads whoever looks for it.
func TestNoKeyStandsTwice(t *testing.T) {
	for _, other := range load(t).All() {
		raw, err := files.ReadFile(other.Lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if keys := regexp.MustCompile(`(?m)^  "[^"]+": "`).FindAll(raw, -1); len(keys) != len(other.Keys()) {
			t.Errorf("%s has %d lines for %d keys", other.Lang, len(keys), len(other.Keys()))
		}
	}
}

// # is the placeholder of texts that a script fills in.
var placeholder = regexp.MustCompile(`\{\d\}|#`)

func TestEveryLanguageHasTheSamePlaceholders(t *testing.T) {
	s := load(t)
	first := s.All()[0]
	marked := func(text string) []string {
		found := placeholder.FindAllString(text, -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	for _, other := range s.All()[1:] {
		for _, k := range first.Keys() {
			if d := cmp.Diff(marked(first.words[k]), marked(other.words[k])); d != "" {
				t.Errorf("%s: placeholders differ between %s and %s: %s", k, first.Lang, other.Lang, d)
			}
		}
	}
}

func TestMatch(t *testing.T) {
	s := load(t)
	for _, c := range []struct {
		name     string
		explicit []string
		accept   string
		want     string
	}{
		{"nothing", nil, "", "en"},
		{"header", nil, "de-AT,de;q=0.9,en;q=0.5", "de"},
		{"header by quality", nil, "en;q=0.2,de;q=0.9", "de"},
		{"unspoken header", nil, "fr-FR,ja", "en"},
		{"second of the header", nil, "fr-FR,de;q=0.4", "de"},
		{"explicit before header", []string{"de"}, "en", "de"},
		{"explicit region", []string{"de-CH"}, "", "de"},
		{"second explicit", []string{"fr", "de"}, "en", "de"},
		{"unspoken explicit leaves it to the header", []string{"fr"}, "de", "de"},
		{"garbage", []string{"\x00", "../../etc"}, ";;q=,\xff", "en"},
		{"long header", nil, "de," + string(make([]byte, 1<<16)), "en"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := s.Match(c.explicit, c.accept).Lang; got != c.want {
				t.Errorf("Match(%q, %.40q) = %s, want %s", c.explicit, c.accept, got, c.want)
			}
		})
	}
}

func TestPlaceholders(t *testing.T) {
	texts := &Texts{Lang: "en", words: map[string]string{
		"plain": "{0} and {1}", "odd": "{x} {9} {", "markup": "a & {0}", "n.one": "{0} day of {1}", "n.other": "{0} days of {1}",
	}}
	for _, c := range []struct{ got, want string }{
		{texts.T("plain", "a", "b"), "a and b"},
		{texts.T("plain", "{1}", "b"), "{1} and b"},
		{texts.T("odd", "a"), "{x} {9} {"},
		{texts.N("n", 1, 7), "1 day of 7"},
		{texts.N("n", 0, 7), "0 days of 7"},
		{string(texts.Strong("markup", `<script>"`)), "a &amp; <b><bdi>&lt;script&gt;&#34;</bdi></b>"},
		{texts.T("absent"), "⟦absent⟧"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestDates(t *testing.T) {
	s := load(t)
	now := time.Date(2026, 3, 12, 14, 5, 0, 0, time.FixedZone("", 3600))
	for lang, want := range map[string][]string{
		"en": {"12\u00a0March 2026, 13:05 UTC", "just now", "1 minute ago", "23 hours ago", "10\u00a0March 2026"},
		"de": {"12.\u00a0März 2026, 13:05 UTC", "gerade eben", "vor 1 Minute", "vor 23 Stunden", "10.\u00a0März 2026"},
	} {
		x := s.Match([]string{lang}, "")
		got := []string{
			x.Moment(now), x.Ago(now, now.Add(time.Second)), x.Ago(now, now.Add(-61*time.Second)),
			x.Ago(now, now.Add(-23*time.Hour-time.Minute)), x.Ago(now, now.Add(-48*time.Hour)),
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", lang, d)
		}
	}
}

func TestSecondsAndCountries(t *testing.T) {
	set := load(t)
	en, de := set.Match([]string{"en"}, ""), set.Match([]string{"de"}, "")
	for d, want := range map[time.Duration]string{0: "0.01 s", 40 * time.Millisecond: "0.04 s", 200 * time.Millisecond: "0.2 s",
		4960 * time.Millisecond: "5.0 s"} {
		if got := en.Seconds(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
	if got := de.Seconds(200 * time.Millisecond); got != "0,2 s" {
		t.Errorf("in German %q", got)
	}
	for code, want := range map[string][2]string{"DE": {"Germany", "Deutschland"}, "": {"", ""}, "??": {"??", "??"}} {
		if en, de := en.Country(code), de.Country(code); en != want[0] || de != want[1] {
			t.Errorf("%q is %q and %q", code, en, de)
		}
	}
	if got := string(en.HTML("receipt.told", template.HTML("<time>1</time>"), "<b>")); got != "Told at <time>1</time>, answered in &lt;b&gt;." {
		t.Errorf("%s", got)
	}
}
