// Package jsonvalue has the JSON of requests and answers as it was written.
package jsonvalue

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"reelcheck/conformance/text"
)

// Object is a JSON object as the target wrote it. Numbers stay json.Number.
type Object map[string]any

// Decode reads a JSON object. ok is false for everything else.
func Decode(text string) (o Object, ok bool) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return nil, false
	}
	o, ok = v.(map[string]any)
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
	return Integer(v)
}

// Integer returns a number that is an integer, however it is written: 4, 4.0 or 4e0.
func Integer(v json.Number) (n int64, ok bool) {
	if n, err := v.Int64(); err == nil {
		return n, true
	}
	const exact = 1 << 53 // a float64 holds all integers up to here
	f, err := v.Float64()
	return int64(f), err == nil && f == math.Trunc(f) && math.Abs(f) <= exact
}

// Asks reports whether a request asks for tracks of a kind, "audio" or "video". It does unless it says otherwise.
func (o Object) Asks(kind string) bool {
	key := "hasVideo"
	if kind == "audio" {
		key = "hasAudio"
	}
	return o[key] != false
}

// Instant returns a property in milliseconds since 1970 as a time.
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

// Same reports whether two values have the same JSON.
func Same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// Type returns the name that JSON has for the type of a value.
func Type(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case json.Number, float64, int:
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
