package main

import (
	"fmt"
	"math"
	"os"
	"strings"
	"time"
)

// The picture: a row for each kind, over a logarithmic axis, in the ticks and colours of the dial that is curfew's mark.
// What was not accepted after the end at all stands at the left edge.
const (
	pictureWidth = 860
	pictureLeft  = 132 // of the axis
	pictureRight = 668
	pictureTop   = 34
	rowHeight    = 58
	tickHeight   = 40
	bins         = 96
	axisFrom     = 1.0    // ms
	axisTo       = 80_000 // ms
)

const pictureStyle = `<style>
text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:#171b26}
.soft{fill:#555d70;font-size:12px} .name{font-weight:600} .num{font-variant-numeric:tabular-nums}
.rest{stroke:#171b26;stroke-opacity:.14} .base{stroke:#171b26;stroke-opacity:.34} .lit{stroke:#b4530a} .bound{stroke:#171b26}
@media (prefers-color-scheme:dark){text{fill:#e8eaf2} .soft{fill:#9da5b8} .rest{stroke:#e8eaf2;stroke-opacity:.16}
.base{stroke:#e8eaf2;stroke-opacity:.34} .lit{stroke:#f3a950} .bound{stroke:#e8eaf2}}
</style>
`

// draw writes the picture.
func (r *report) draw(path string) error {
	height := pictureTop + rowHeight*len(r.Kinds) + 46
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%d" fill="none" role="img">`+"\n",
		pictureWidth, height, height)
	b.WriteString("<title>From the acknowledged end of a session to the last request that was accepted for it</title>\n" + pictureStyle)
	bottom := pictureTop + rowHeight*len(r.Kinds)
	for _, at := range []float64{1, 10, 100, 1000, 10_000} {
		fmt.Fprintf(&b, `<path class="rest" d="M%.1f %dV%d"/><text class="soft" x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n",
			axis(at), pictureTop, bottom, axis(at), bottom+18, axisName(at))
	}
	fmt.Fprintf(&b, `<path class="bound" stroke-width="1.2" d="M%.1f %dV%d"/><text class="name" x="%.1f" y="%d" text-anchor="middle">60 s</text>`+"\n",
		axis(60_000), pictureTop, bottom, axis(60_000), bottom+18)
	for i, name := range []string{"p50", "p99", "max"} {
		fmt.Fprintf(&b, `<text class="soft" x="%d" y="%d" text-anchor="end">%s</text>`+"\n", figureAt(i), pictureTop-10, name)
	}
	for i, f := range r.Kinds {
		row(&b, f, pictureTop+rowHeight*(i+1)-10)
	}
	fmt.Fprintf(&b, `<text class="soft" x="%d" y="%d">%d ends by every cause, then all others at once; %d replicas, %d live sessions. Dashed: %.0f s of leeway where exp is checked.</text>`+"\n",
		0, bottom+40, r.Ends, r.Replicas, r.Sessions, r.LeewayMS/1000)
	b.WriteString("</svg>\n")
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

func figureAt(i int) int { return 738 + 58*i }

// row draws one kind: a tick for each span of the axis, as high as the share of the drops in it.
func row(b *strings.Builder, f figures, base int) {
	var count [bins]int
	var last [bins]float64 // the latest of each, at which its tick stands: none looks later than it was
	most := 1
	for _, d := range f.Drops {
		i := bin(d)
		count[i]++
		last[i], most = max(last[i], d), max(most, count[i])
	}
	fmt.Fprintf(b, `<text class="name" x="0" y="%d">%s</text><path class="base" d="M%d %dH%d"/>`+"\n", base-4, f.Name, pictureLeft, base, pictureRight)
	b.WriteString(`<path class="lit" stroke-width="3.4" d="`)
	for i, n := range count {
		if n > 0 {
			// The square root, so that the few late ones, which are what matters, are seen.
			fmt.Fprintf(b, "M%.1f %dv-%.1f", axis(last[i]), base, max(4, tickHeight*math.Sqrt(float64(n)/float64(most))))
		}
	}
	b.WriteString("\"/>\n")
	if f.Bound > ms(bound) { // with the party's leeway
		fmt.Fprintf(b, `<path class="bound" stroke-width="1.2" stroke-dasharray="3 3" d="M%.1f %dv-%d"/>`+"\n", axis(f.Bound)+2, base, tickHeight+4)
	}
	for i, v := range []float64{f.P50, f.P99, f.Max} {
		fmt.Fprintf(b, `<text class="num" x="%d" y="%d" text-anchor="end">%s</text>`+"\n", figureAt(i), base-4, short(v))
	}
}

// axis is where a number of milliseconds stands.
func axis(v float64) float64 {
	share := math.Log(min(max(v, axisFrom), axisTo)/axisFrom) / math.Log(axisTo/axisFrom)
	return pictureLeft + share*float64(pictureRight-pictureLeft)
}

func bin(v float64) int {
	return min(bins-1, int((axis(v)-pictureLeft)*bins/float64(pictureRight-pictureLeft)))
}

func axisName(v float64) string {
	if v < 1000 {
		if v == axisFrom {
			return "at once"
		}
		return fmt.Sprintf("%.0f ms", v)
	}
	return fmt.Sprintf("%.0f s", v/1000)
}

func short(v float64) string {
	d := time.Duration(v * float64(time.Millisecond))
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	default:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
}
