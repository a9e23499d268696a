package demo

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/curfew-id/curfew/rp"
)

// dial is a token's life, drawn as sixty ticks: those of the time gone are dark, from the top clockwise.
type dial struct {
	Ticks                  []tick
	Seconds                int // left, rounded up
	LeftMS, LifeMS, NextMS int64
}

type tick struct {
	Path  string
	Class string
}

// renewTick is where the next token is asked for, at two thirds of the life.
const renewTick = 40

// newDial draws an identity's token at a moment.
func newDial(id *rp.Identity, now time.Time) dial {
	left, life := max(0, id.ExpiresAt.Sub(now)), id.ExpiresAt.Sub(id.IssuedAt)
	d := dial{
		Seconds: int(math.Ceil(left.Seconds())), LeftMS: left.Milliseconds(), LifeMS: life.Milliseconds(),
		NextMS: id.RefreshAt.Sub(now).Milliseconds(),
	}
	lit := 0
	if life > 0 {
		lit = min(60, int(math.Ceil(60*float64(left)/float64(life))))
	}
	d.Ticks = ticks(lit)
	return d
}

func ticks(lit int) []tick {
	all := make([]tick, 60)
	for i := range all {
		class, inner := "tick", 82.0
		if i%5 == 0 {
			inner = 78
		}
		if i == renewTick {
			class, inner = "tick renew", 72
		}
		if i >= 60-lit {
			class += " on"
		}
		all[i] = tick{Path: stroke(i, inner, 95), Class: class}
	}
	return all
}

// stroke is the i-th of sixty ticks in a box of 200 by 200.
func stroke(i int, inner, outer float64) string {
	sin, cos := math.Sincos(float64(i) * math.Pi / 30)
	return fmt.Sprintf("M%.2f %.2fL%.2f %.2f", 100+inner*sin, 100-inner*cos, 100+outer*sin, 100-outer*cos)
}

// mark is the small dial of the header, as two paths.
type mark struct{ On, Off string }

func newMark() mark {
	var on, off strings.Builder
	for i := range 60 {
		b := &off
		if i < 16 {
			b = &on
		}
		b.WriteString(stroke(i, 66, 94))
	}
	return mark{On: on.String(), Off: off.String()}
}
