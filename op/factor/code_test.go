package factor

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestNewCodeIsSixDigitsEvenly(t *testing.T) {
	var first [10]int
	const n = 20000
	for range n {
		c := NewCode()
		if got, ok := NormalizeCode(c); !ok || got != c || len(c) != 6 {
			t.Fatalf("code %q", c)
		}
		first[c[0]-'0']++
	}
	for d, count := range first { // 2000 expected, standard deviation 42
		if count < 1700 || count > 2300 {
			t.Errorf("%d codes of %d begin with %d", count, n, d)
		}
	}
}

func TestNormalizeCodeReadsWhatPeopleType(t *testing.T) {
	for typed, want := range map[string]string{
		"049312": "049312", " 049312 ": "049312", "049 312": "049312", "049-312": "049312", "049\u2013312": "049312",
		"0.4.9.3.1.2": "049312", "０４９３１２": "049312", "٠٤٩٣١٢": "049312", "०४९३१२": "049312",
		"\u200b049312\u200e": "049312", "049\u00a0312\r\n": "049312", "𝟎𝟒𝟗𝟑𝟏𝟐": "049312",
		"": "", "04931": "", "0493122": "", "o49312": "", "+49312": "", "049312;": "", "½49312": "", "-0x123": "",
		"049312" + strings.Repeat(" ", 100): "",
	} {
		got, ok := NormalizeCode(typed)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %t, want %q", typed, got, ok, want)
		}
	}
}

func TestDigitValuesOfAllScripts(t *testing.T) {
	for _, zero := range []rune{'0', 0x0660, 0x06F0, 0x07C0, 0x0966, 0x0E50, 0xA620, 0x104A0, 0x1E140, 0x1E950} {
		for d := range rune(10) {
			if !unicode.Is(unicode.Nd, zero+d) {
				t.Fatalf("%U is no digit", zero+d)
			}
			if got := digitValue(zero + d); got != byte(d) {
				t.Errorf("%U is read as %d, want %d", zero+d, got, d)
			}
		}
	}
}

func FuzzNormalizeCode(f *testing.F) {
	f.Add("049 312")
	f.Add("０４９３１２")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := NormalizeCode(s)
		if !ok {
			return
		}
		if len(c) != 6 || strings.Trim(c, "0123456789") != "" {
			t.Fatalf("%q became %q", s, c)
		}
		if again, ok := NormalizeCode(c); !ok || again != c {
			t.Fatalf("%q is not stable", c)
		}
	})
}

func TestCodeMACBindsEverything(t *testing.T) {
	key := []byte("key")
	base := codeMAC(key, "chl_1", "signin", "a@example.com", "000000")
	for name, other := range map[string][]byte{
		"key":       codeMAC([]byte("kez"), "chl_1", "signin", "a@example.com", "000000"),
		"challenge": codeMAC(key, "chl_2", "signin", "a@example.com", "000000"),
		"purpose":   codeMAC(key, "chl_1", "reset", "a@example.com", "000000"),
		"target":    codeMAC(key, "chl_1", "signin", "b@example.com", "000000"),
		"code":      codeMAC(key, "chl_1", "signin", "a@example.com", "000001"),
		"borders":   codeMAC(key, "chl_1s", "ignin", "a@example.com", "000000"),
	} {
		if bytes.Equal(base, other) {
			t.Errorf("the MAC does not depend on the %s", name)
		}
	}
}

func TestRecoveryCodes(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		code := newRecoveryCode()
		plain, ok := NormalizeRecoveryCode(code)
		if !ok || len(code) != 19 || plain != strings.ReplaceAll(code, "-", "") || seen[code] {
			t.Fatalf("code %q -> %q, %t", code, plain, ok)
		}
		seen[code] = true
		typed := strings.NewReplacer("0", "O", "1", "l").Replace(strings.ToUpper(" " + strings.ReplaceAll(code, "-", " ") + "\n"))
		if got, ok := NormalizeRecoveryCode(typed); !ok || got != plain {
			t.Fatalf("%q is read as %q, want %q", typed, got, plain)
		}
	}
	for _, bad := range []string{"", "7k2m-x0pq-vd3n", "7k2m-x0pq-vd3n-9hzu", "7k2m-x0pq-vd3n-9hz!", strings.Repeat("a", 200)} {
		if got, ok := NormalizeRecoveryCode(bad); ok {
			t.Errorf("%q is read as %q", bad, got)
		}
	}
}

func FuzzNormalizeRecoveryCode(f *testing.F) {
	f.Add("7k2m-x0pq-vd3n-9hzt")
	f.Add("７K2M X0PQ VD3N 9HZT")
	f.Fuzz(func(t *testing.T, s string) {
		if c, ok := NormalizeRecoveryCode(s); ok {
			if again, ok := NormalizeRecoveryCode(c); !ok || again != c || len(c) != recoveryChars {
				t.Fatalf("%q became %q, then %q", s, c, again)
			}
		}
	})
}

func TestNormalizeRecoveryCodeKeepsCodesApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOfN(rapid.Byte(), recoveryBytes, recoveryBytes).Draw(t, "a")
		b := rapid.SliceOfN(rapid.Byte(), recoveryBytes, recoveryBytes).Draw(t, "b")
		na, okA := NormalizeRecoveryCode(recoveryEncoding.EncodeToString(a))
		nb, okB := NormalizeRecoveryCode(recoveryEncoding.EncodeToString(b))
		if !okA || !okB || (na == nb) != bytes.Equal(a, b) {
			t.Fatalf("%x -> %q, %x -> %q", a, na, b, nb)
		}
	})
}
