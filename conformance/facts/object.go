package facts

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"reelcheck/conformance/text"
)

// Object is a JSON object as the target wrote it. Numbers stay json.Number.
type Object map[string]any

func decodeObject(text string) (Object, bool) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return nil, false
	}
	o, ok := v.(map[string]any)
	return o, ok
}

// Text returns a string property, or "" when it is absent or of another type.
func (o Object) Text(key string) string {
	s, _ := o[key].(string)
	return s
}

// Whole returns an integer property. ok is false when it is absent or not an integer.
func (o Object) Whole(key string) (n int64, ok bool) {
	v, isNumber := o[key].(json.Number)
	if !isNumber {
		return 0, false
	}
	n, err := v.Int64()
	return n, err == nil
}

// Asks reports whether a request asks for tracks of a kind, "audio" or "video". It does unless it says otherwise.
func (o Object) Asks(kind string) bool {
	key := "hasVideo"
	if kind == "audio" {
		key = "hasAudio"
	}
	return o[key] != false
}

func (o Object) Instant(key string) (time.Time, bool) {
	ms, ok := o.Whole(key)
	return time.UnixMilli(ms), ok
}

// Show returns a property as JSON, for messages.
func (o Object) Show(key string) string {
	v, ok := o[key]
	if !ok {
		return key + " absent"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return key + " " + text.Clip(string(b), 200)
}

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

func SameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// Short returns the first 8 characters of an id, for messages.
func Short(id string) string { return text.Head(id, 8) }

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

func ClockTime(t time.Time) string { return t.UTC().Format("15:04:05.0") + " policy time" }
