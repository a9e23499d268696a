package page

import (
	"strconv"
	"strings"
	"time"
)

// Chart draws numbers over time. Everything in it is an attribute of SVG: a style attribute would be inline style, which the
// Content-Security-Policy forbids.
type Chart struct {
	Name   string // of what it shows: "admin.figure.<Name>"
	Series []Series
	Times  []time.Time // where each bar begins
	Every  time.Duration
	Micro  bool // the numbers are microseconds
}

// Series is one line of numbers.
type Series struct {
	Name   string // "admin.cause.<Name>" in a chart of ends
	Values []int64
}

// The canvas, in units of the viewBox.
const (
	chartWidth  = 640
	chartHeight = 160
	chartGap    = 2
)

// Bar is one column, or a part of one.
type Bar struct {
	X, Y, Width, Height string
	Class               string
	Title               string
}

// Max is the height of the tallest column.
func (c Chart) Max() (most int64) {
	for i := range c.Times {
		most = max(most, c.sum(i))
	}
	return most
}

func (c Chart) sum(i int) (n int64) {
	for _, s := range c.Series {
		n += s.Values[i]
	}
	return n
}

// Total is what all columns come to.
func (c Chart) Total() (n int64) {
	for i := range c.Times {
		n += c.sum(i)
	}
	return n
}

// Bars are the columns of a chart, those of several series one above the other.
func (v view) Bars(c Chart) (bars []Bar) {
	most := c.Max()
	if most == 0 {
		return nil
	}
	width := float64(chartWidth) / float64(len(c.Times))
	for i, at := range c.Times {
		y := float64(chartHeight)
		for k, s := range c.Series {
			if s.Values[i] == 0 {
				continue
			}
			h := max(float64(s.Values[i])/float64(most)*(chartHeight-4), 1.5)
			y -= h
			title := v.Moment(at) + ": " + v.Amount(c, s.Values[i])
			if len(c.Series) > 1 {
				title += " " + v.CauseName(s.Name)
			}
			bars = append(bars, Bar{X: unit(float64(i)*width + chartGap/2), Y: unit(y), Width: unit(max(width-chartGap, 1)), Height: unit(h),
				Class: "bar-" + strconv.Itoa(k), Title: title})
		}
	}
	return bars
}

// Amount is a number of a chart in words.
func (v view) Amount(c Chart, n int64) string {
	if c.Micro {
		return v.Seconds(time.Duration(n) * time.Microsecond)
	}
	return v.Number(n)
}

// Number sets a number in groups of three, as the language has it.
func (v view) Number(n int64) string {
	digits, out := strconv.FormatInt(n, 10), strings.Builder{}
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			out.WriteString(v.T("number.group"))
		}
		out.WriteRune(d)
	}
	return out.String()
}

// Ticks are the times below a chart: the first, the middle, the last.
func (v view) Ticks(c Chart) (words []string) {
	for _, i := range []int{0, len(c.Times) / 2, len(c.Times) - 1} {
		at := c.Times[i].UTC()
		if c.Every < 24*time.Hour && len(c.Times) <= 24 {
			words = append(words, at.Format("15:04"))
			continue
		}
		words = append(words, strings.TrimSuffix(v.Date(at), " "+strconv.Itoa(at.Year())))
	}
	return words
}

func unit(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
