package facts

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"iter"
	"maps"
	"slices"
	"time"

	"reelcheck/conformance/text"
)

// InOrder iterates over a map in the order of its keys, so that a check notes the same things in the same order each
// time.
func InOrder[M ~map[K]V, K cmp.Ordered, V any](m M) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

// Short returns the first 8 characters of an id, for messages.
func Short(id string) string { return text.Head(id, 8) }

// Final reports whether an archive with this status has ended and is delivered, or never will be.
func Final(status string) bool {
	return slices.Contains([]string{"uploaded", "available", "expired", "failed"}, status)
}

// Base64Sum converts a hex SHA-256 into base64, the form of the sha256sum property.
func Base64Sum(hexSum string) string {
	b, err := hex.DecodeString(hexSum)
	if err != nil || len(b) != sha256.Size {
		return ""
	}
	return base64.StdEncoding.EncodeToString(b)
}

// ClockTime returns a policy time for messages.
func ClockTime(t time.Time) string { return t.UTC().Format("15:04:05.0") + " policy time" }
