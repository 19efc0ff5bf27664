package config

import (
	"cmp"
	"slices"
	"strings"
)

// Secret is a value that evidence and reports must not show, and what stands there instead: its variable or its key.
type Secret struct{ Name, Value string }

// Conceal replaces the secrets of the file in text by their names.
func (f File) Conceal(text string) string {
	longest := slices.SortedFunc(slices.Values(f.Secrets), func(a, b Secret) int { return cmp.Compare(len(b.Value), len(a.Value)) })
	var pairs []string
	for _, s := range longest {
		pairs = append(pairs, s.Value, s.Name)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
