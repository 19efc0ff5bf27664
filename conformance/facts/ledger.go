package facts

import (
	"slices"
	"time"

	"reelcheck/spec"
)

// Limit returns a duration of the ledger. It panics if the ledger has none of that name.
func (f *Facts) Limit(name string) time.Duration {
	l, ok := f.Ledger.Limit(name)
	if !ok || l.Duration() == 0 {
		panic("facts: internal error: no span of time " + name)
	}
	return l.Duration()
}

// Number returns a limit of the ledger. It panics if the ledger has none of that name.
func (f *Facts) Number(name string) int64 {
	l, ok := f.Ledger.Limit(name)
	if !ok {
		panic("facts: internal error: no limit " + name)
	}
	return l.Value
}

// Share returns a limit in percent as a factor.
func (f *Facts) Share(name string) float64 { return float64(f.Number(name)) / 100 }

// List returns the values of a list of the ledger. It panics if the ledger has none of that name.
func (f *Facts) List(name string) []string {
	l, ok := f.Ledger.List(name)
	if !ok {
		panic("facts: internal error: no list " + name)
	}
	return slices.Clone(l.Values)
}

// IsNotice reports whether a callback with this status is a notice, which changes no status of the archive.
func (f *Facts) IsNotice(status string) bool {
	return slices.ContainsFunc(f.Ledger.States.Notices, func(n spec.Notice) bool { return n.Name == status })
}
