package config

import (
	"cmp"
	"slices"
	"strings"
)

// nearest returns the candidate that takes the fewest single changes to arrive at, or that ends in the word.
func nearest(word string, candidates []string) string {
	for _, c := range candidates {
		if strings.HasSuffix(c, "."+word) {
			return c
		}
	}
	return slices.MinFunc(candidates, func(a, b string) int { return cmp.Compare(distance(word, a), distance(word, b)) })
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
