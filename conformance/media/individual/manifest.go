package individual

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"reelcheck/conformance/text"
)

// Manifest is the JSON file of an archive as it is written.
type Manifest struct {
	Text     string    `json:"text"`
	Findings []Finding `json:"findings,omitempty"`
	// Members are the members of the object; nil when it is not an object.
	Members Object `json:"members,omitempty"`
	// Files are the elements of files, in order. An element that is not an object has no members.
	Files []Object `json:"files,omitempty"`
}

// Object holds the members of a JSON object. A missing member is the zero Value.
type Object map[string]Value

// Value is a JSON value as it is written; "" means that it is missing.
type Value string

// The kinds of values.
const (
	JSONAbsent  = "absent"
	JSONNull    = "null"
	JSONString  = "string"
	JSONNumber  = "number"
	JSONBoolean = "boolean"
	JSONArray   = "array"
	JSONObject  = "object"
)

// Kind returns the type of the value.
func (v Value) Kind() string {
	if v == "" {
		return JSONAbsent
	}
	switch v[0] {
	case '"':
		return JSONString
	case '{':
		return JSONObject
	case '[':
		return JSONArray
	case 't', 'f':
		return JSONBoolean
	case 'n':
		return JSONNull
	default:
		return JSONNumber
	}
}

// Text returns the text of a string. ok is false for anything else.
func (v Value) Text() (s string, ok bool) {
	if v.Kind() != JSONString {
		return "", false
	}
	return s, json.Unmarshal([]byte(v), &s) == nil
}

// Whole returns an integer. ok is false for anything else.
func (v Value) Whole() (n int64, ok bool) {
	if v.Kind() != JSONNumber {
		return 0, false
	}
	n, err := json.Number(v).Int64()
	return n, err == nil
}

// Show returns the value for messages.
func (v Value) Show() string {
	if v == "" {
		return JSONAbsent
	}
	return text.Clip(string(v), 200)
}

// ParseManifest reads a manifest. It accepts any bytes.
func ParseManifest(b []byte) Manifest {
	m := Manifest{Text: strings.ToValidUTF8(string(b), "\uFFFD")}
	if !utf8.Valid(b) {
		m.note(Broken, "it is not UTF-8")
	}
	var err error
	if m.Members, err = m.object(b, "the manifest"); err != nil {
		m.note(Broken, "%v", err)
		return m
	}
	if m.Members["files"].Kind() != JSONArray {
		return m
	}
	var files []json.RawMessage
	if err := json.Unmarshal([]byte(m.Members["files"]), &files); err != nil {
		m.note(Broken, "files: %v", err)
	}
	if len(files) > maxEntries {
		m.note(Limit, "%d files; the first %d are looked at", len(files), maxEntries)
		files = files[:maxEntries]
	}
	for i, raw := range files {
		where := fmt.Sprintf("file %d", i)
		o, err := m.object(raw, where)
		if err != nil {
			m.note(Broken, "%v", err)
			o = Object{}
		}
		m.Files = append(m.Files, o)
	}
	return m
}

func (m *Manifest) note(k Kind, format string, args ...any) {
	if len(m.Findings) < maxFindings {
		m.Findings = append(m.Findings, Finding{k, fmt.Sprintf(format, args...)})
	}
}

// object reads the members of the single object in b.
func (m *Manifest) object(b []byte, where string) (Object, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	first, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("%s is not JSON: %w", where, err)
	}
	if first != json.Delim('{') {
		return nil, fmt.Errorf("%s is not a JSON object", where)
	}
	o := Object{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("%s is not JSON: %w", where, err)
		}
		name, ok := key.(string)
		if !ok {
			return nil, fmt.Errorf("%s is not JSON: member %v", where, key)
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, fmt.Errorf("%s is not JSON: member %q: %w", where, name, err)
		}
		if _, twice := o[name]; twice {
			m.note(Duplicate, "%s has member %q twice", where, name)
		}
		o[name] = Value(v)
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("%s is not JSON: %w", where, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is followed by something else", where)
	}
	return o, nil
}
