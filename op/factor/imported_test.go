package factor

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/storage"
)

// Hashes from the documents of those who made the formats, which nobody here computed.
var brought = map[string]struct{ stored, password string }{
	"bcrypt, of crypt_blowfish":                {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
	"bcrypt, of PHP's manual":                  {"$2a$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi", "rasmuslerdorf"},
	"argon2i, of the reference implementation": {"$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA", "password"},
	"scrypt, of RFC 7914 12": {"$scrypt$ln=14,r=8,p=1$" + inBase64("SodiumChloride") + "$" + unhex("7023bdcb3afd7348461c06cd81fd38eb"+
		"fda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"), "pleaseletmein"},
	"Firebase, of its own README": {"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==" +
		"$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==", "user1password"},
	"PBKDF2, of passlib's manual": {"$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M", "password"},
	"PBKDF2, of RFC 6070 2":       {"$pbkdf2-sha1$i=4096$" + inBase64("salt") + "$" + unhex("4b007901b765489abead49d926f721d065a429c1"), "password"},
	"PBKDF2 as Django writes it":  {"pbkdf2_sha1$4096$salt$" + unhex("4b007901b765489abead49d926f721d065a429c1"), "password"},
}

func inBase64(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) }

func unhex(s string) string {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return inBase64(string(b))
}

func TestBroughtHashesAreCheckedAndReplaced(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, c := range brought {
			p, err := ImportPassword(c.stored)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			who := w.user(t, id.New("x")+"@example.com")
			if err := w.store.PutPassword(t.Context(), p.Row(who.UserID, storage.At(w.clock.Now()))); err != nil {
				t.Fatal(err)
			}
			if err := w.CheckPassword(t.Context(), who, c.password+"x"); !errors.Is(err, ErrWrong) {
				t.Errorf("%s: another password: %v", name, err)
			}
			for range 2 { // the hash that was brought, then our own
				if err := w.CheckPassword(t.Context(), who, c.password); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				rows, err := w.store.Factors(t.Context(), who.UserID, string(KindPassword))
				if err != nil || len(rows) != 1 || !strings.HasPrefix(string(rows[0].Secret), "$argon2id$v=19$") {
					t.Errorf("%s: stored as %q, %v", name, rows[0].Secret, err)
				}
			}
		}
	})
}

// A line of an import is a stranger's word: it must not buy an hour of a core, nor stand for no password at all.
func TestHashesThatAreNotTaken(t *testing.T) {
	key := strings.Repeat("A", 43)
	for _, s := range []string{"", "password", "$", "$$$$", "$2b$15$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTTOq", "$2b$10$short",
		"$1$salt$0123456789012345678901", "$argon2d$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$" + key, "$argon2i$v=16$m=65536,t=2,p=4$c29tZXNhbHQ$" + key,
		"$argon2i$v=19$m=4194304,t=2,p=4$c29tZXNhbHQ$" + key, "$scrypt$ln=25,r=8,p=1$c2FsdA$" + key, "$scrypt$ln=14,r=8$c2FsdA$" + key,
		"$scrypt$ln=14,r=8,p=1$c2FsdA$", "$pbkdf2-sha256$i=999999999$c2FsdA$" + key, "$pbkdf2-md5$i=1000$c2FsdA$" + key,
		"$pbkdf2-sha256$i=1000$c2FsdA$AAAA", "$pbkdf2-sha256$i=1000$c2FsdA$!!!", "pbkdf2_sha256$1000$salt", "$fbscrypt$v=1,n=14,r=8,p=1$c2FsdA$" + key,
		"$pbkdf2-sha256$i=1000$c2FsdA$" + strings.Repeat("A", 2000)} {
		if p, err := ImportPassword(s); !errors.Is(err, ErrMalformedHash) {
			t.Errorf("%q was taken as %v, %v", s, p, err)
		}
	}
}
