package factor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestPolicyRefuses(t *testing.T) {
	p := Policy{Service: "Moonbase Mail"}
	own := []string{"anna.meier@example.com", "Anna-Lena Meier"}
	for password, want := range map[string]error{
		"":                                   ErrPasswordTooShort,
		"x7Kq!2p":                            ErrPasswordTooShort,
		"ééééééé":                            ErrPasswordTooShort, // seven characters, fourteen bytes
		strings.Repeat("x7Kq!2pZ", 32) + "x": ErrPasswordTooLong,
		"x7Kq!2pZ\x00":                       ErrPasswordUnusable,
		"x7Kq!2pZ\n":                         ErrPasswordUnusable,
		"x7Kq!2pZ\xff":                       ErrPasswordUnusable,

		"password": ErrPasswordCommon, "Password1!": ErrPasswordCommon, "P@ssw0rd": ErrPasswordCommon,
		"p4$$w0rd123": ErrPasswordCommon, "ｐａｓｓｗｏｒｄ": ErrPasswordCommon, "pássword": ErrPasswordCommon,
		"Passwort2024": ErrPasswordCommon, "passwordpassword": ErrPasswordCommon, "drowssap": ErrPasswordCommon,
		"password123456789": ErrPasswordCommon, "iloveyou1": ErrPasswordCommon, "trustno1!": ErrPasswordCommon,
		"qwerty123": ErrPasswordCommon, "qwertyuiop": ErrPasswordCommon, "qwertzuiop": ErrPasswordCommon,
		"1q2w3e4r": ErrPasswordCommon, "a1b2c3d4": ErrPasswordCommon, "frühling1": ErrPasswordCommon,
		"aaaaaaaa": ErrPasswordCommon, "abcabcabcabc": ErrPasswordCommon, "12345678": ErrPasswordCommon,
		"87654321": ErrPasswordCommon, "123456789012": ErrPasswordCommon, "abcdefgh": ErrPasswordCommon,
		"aaaa1111": ErrPasswordCommon, "qwer1234": ErrPasswordCommon, "11223344": ErrPasswordCommon,
		"20202020": ErrPasswordCommon, "1qaz2wsx": ErrPasswordCommon, "letmein1": ErrPasswordCommon,
		"sunshine": ErrPasswordCommon, "Football7": ErrPasswordCommon, "Michael1987": ErrPasswordCommon,
		"dragon 12": ErrPasswordCommon, "changeme": ErrPasswordCommon, "!!admin!!": ErrPasswordCommon,
		"schatzi99": ErrPasswordCommon, "Sommer2024!": ErrPasswordCommon,

		"anna.meier": ErrPasswordPersonal, "annameier1987": ErrPasswordPersonal, "AnnaMeier!": ErrPasswordPersonal,
		"anna.meier@example.com": ErrPasswordPersonal, "Moonbase1": ErrPasswordPersonal, "m00nbase": ErrPasswordPersonal,
		"moonbasemail2024": ErrPasswordPersonal,

		"correct horse battery staple": nil, "x7Kq!2pZ": nil, "Tr0ub4dor&3x": nil, "пароль-на-каждый": nil,
		"        8 spaces": nil, "annas-kater-heisst-momo": nil,
		strings.Repeat("x7Kq!2pZ", 4) + strings.Repeat("ü9-", 74) + "xy": nil, // 256 characters
	} {
		got, err := p.Accept(context.Background(), password, own...)
		if !errors.Is(err, want) {
			t.Errorf("%.40q: %v, want %v", password, err, want)
		}
		if err == nil && got != norm.NFKC.String(password) {
			t.Errorf("%.40q became %.40q", password, got)
		}
	}
}

func TestPolicyMinimumIsAnOption(t *testing.T) {
	p := Policy{MinLength: 15}
	if _, err := p.Accept(context.Background(), "x7Kq!2pZx7Kq!2"); !errors.Is(err, ErrPasswordTooShort) {
		t.Errorf("14 of 15 characters: %v", err)
	}
	if _, err := p.Accept(context.Background(), "x7Kq!2pZ-mTw4#r"); err != nil {
		t.Errorf("15 characters: %v", err)
	}
}

func TestNormalizeMakesSameKeysSamePassword(t *testing.T) {
	composed, err1 := Normalize("caf\u00e9 \ufb01n\u00e9")
	decomposed, err2 := Normalize("cafe\u0301 fine\u0301")
	if err1 != nil || err2 != nil || composed != decomposed {
		t.Errorf("%q (%v) and %q (%v)", composed, err1, decomposed, err2)
	}
	if got, _ := Normalize("  a b  "); got != "  a b  " {
		t.Errorf("spaces were taken: %q", got)
	}
}

func TestNormalizeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "password")
		once, err := Normalize(s)
		if err != nil {
			return
		}
		if twice, err := Normalize(once); err == nil && twice != once {
			t.Fatalf("%q normalises to %q and that to %q", s, once, twice)
		}
		if !utf8.ValidString(once) {
			t.Fatalf("%q is not text", once)
		}
		_, _ = Policy{Service: s}.Accept(context.Background(), s, s, s) // no panic
	})
}

// A list of the kind is only worth having if it meets what people really choose.
func TestTheMostChosenPasswordsAreRefused(t *testing.T) {
	most := strings.Fields(`password 12345678 123456789 1234567890 qwertyuiop iloveyou princess rockyou sunshine
		football baseball welcome1 abc12345 passw0rd password1 password123 trustno1 superman batman123 michael1 jennifer
		jordan23 charlie1 letmein123 monkey123 dragon123 shadow123 master123 qwerty12 qwerty123 1q2w3e4r 1q2w3e4r5t
		1qaz2wsx zaq12wsx q1w2e3r4 qazwsxedc asdfghjkl asdfasdf zxcvbnm1 aa123456 a1234567 a123456789 123qweasd
		123456qwerty qwe123456 abcd1234 1234qwer 11111111 00000000 88888888 12341234 12344321 11112222 87654321
		987654321 147258369 789456123 1357924680 computer internet starwars whatever hellokitty butterfly chocolate
		chelsea1 liverpool arsenal1 barcelona manchester steelers cowboys1 yankees1 lakers24 mustang1 corvette
		harley123 ferrari1 mercedes passwort hallo123 schatz123 fussball schalke04 bayern123 sommer2023 winter2024
		frühling1 Admin123 administrator P@ssw0rd! Welcome123 Summer2023! Company1! Changeme1 Secret123 test1234
		testtest guest123 user1234 root1234 samsung1 google123 facebook1 pokemon1 naruto123 minecraft blink182
		michelle nicole12 jessica1 ashley12 daniel123 thomas12 andrea123 alexander christina elizabeth danielle
		francesco valentina alejandro maximilian benjamin stephanie veronica samantha fuckyou1 asshole1 fuckoff1
		blahblah lalalala 1password 123password mypassword qwerty!@# asdf1234 asdfjkl; zxcv1234 !qaz2wsx 1qazxsw2`)
	p := Policy{}
	for _, password := range most {
		if _, err := p.Accept(context.Background(), password); err == nil {
			t.Errorf("%q is accepted", password)
		}
	}
	if n := len(words()); n < 3500 {
		t.Errorf("%d words in the list", n)
	}
}

func TestRandomPasswordsAreAccepted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		password := rapid.StringMatching(`[a-zA-Z0-9#%&*?]{16}`).Draw(t, "password")
		runs := map[rune]bool{}
		for _, r := range password {
			runs[r] = true
		}
		if len(runs) < 10 {
			return // rapid likes aaaa
		}
		if common(password) {
			t.Fatalf("%q is called common", password)
		}
	})
	for range 2000 { // and really random ones
		if password := newRecoveryCode(); common(password) {
			t.Errorf("%q is called common", password)
		}
	}
}
