// Package wire reads JSON bodies of requests and writes those of responses.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"reelcheck/reference/internal/archive"
)

// MaxJSON is the maximum size of a JSON body in bytes. The largest style sheet fits, however it is escaped.
const MaxJSON = 512 << 10

// Read decodes the body of r, one JSON object, into v, a pointer to a struct. It ignores unknown members. Errors are of type [*archive.Error],
// with kind TooLarge, Unsupported (content type) or Invalid, and name the wrong member.
func Read(r *http.Request, v any) error {
	raw, err := ReadAll(r, MaxJSON)
	if err != nil {
		return err
	}
	if err := RequireType(r, "application/json"); err != nil {
		return err
	}
	return decode(raw, v)
}

// ReadOptional is like [Read], but accepts an empty body of any content type, and then does not change v.
func ReadOptional(r *http.Request, v any) error {
	raw, err := ReadAll(r, MaxJSON)
	if err != nil || len(raw) == 0 {
		return err
	}
	if err := RequireType(r, "application/json"); err != nil {
		return err
	}
	return decode(raw, v)
}

// ReadKnown is like [Read], but refuses unknown members. Otherwise a test with a misspelt setting would test something else.
func ReadKnown(r *http.Request, v any) error { return readKnown(r, v, Read) }

// ReadOptionalKnown is like [ReadOptional], but refuses unknown members.
func ReadOptionalKnown(r *http.Request, v any) error { return readKnown(r, v, ReadOptional) }

func readKnown(r *http.Request, v any, read func(*http.Request, any) error) error {
	raw := json.RawMessage("{}")
	if err := read(r, &raw); err != nil {
		return err
	}
	if err := checkMembers("", raw, reflect.TypeOf(v)); err != nil {
		return err
	}
	return decode(raw, v)
}

// checkMembers returns an error if raw has a member that t, a struct or a pointer to one, does not have. It leaves other values to decode.
func checkMembers(path string, raw json.RawMessage, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var members map[string]json.RawMessage
	if t.Kind() != reflect.Struct || !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return nil
	}
	if err := json.Unmarshal(raw, &members); err != nil {
		return malformed(err)
	}
	known := map[string]reflect.Type{}
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		known[name] = field.Type
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if known[name] == nil {
			return Invalid(path+name, "%.64q is unknown here; there are %s", path+name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		if err := checkMembers(path+name+".", members[name], known[name]); err != nil {
			return err
		}
	}
	return nil
}

// ReadAll reads a body of at most limit bytes.
func ReadAll(r *http.Request, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &archive.Error{Kind: archive.TooLarge, Message: fmt.Sprintf("the body must have at most %d bytes", limit)}
	case err != nil:
		return nil, &archive.Error{Kind: archive.Invalid, Message: "the body cannot be read"}
	}
	return raw, nil
}

// RequireType returns an error if the request has a content type other than want.
func RequireType(r *http.Request, want string) error {
	got := r.Header.Get("Content-Type")
	if got == "" {
		return nil
	}
	if media, _, err := mime.ParseMediaType(got); err != nil || media != want {
		return &archive.Error{Kind: archive.Unsupported, Field: "Content-Type", Message: fmt.Sprintf("Content-Type must be %s, got %q", want, got)}
	}
	return nil
}

func decode(raw []byte, v any) error {
	if err := checkObject(raw); err != nil {
		return err
	}
	var wrong *json.UnmarshalTypeError
	switch err := json.Unmarshal(raw, v); { // ARC-START-21
	case errors.As(err, &wrong):
		if wrong.Field == "" {
			return Invalid("", "the body must be a JSON object, got %s", wrong.Value)
		}
		return Invalid(wrong.Field, "%s must be %s, got %s", wrong.Field, typeName(wrong.Type), wrong.Value) // ARC-START-24
	case err != nil:
		return Invalid("", "the body is not valid JSON: %v", err) // ARC-START-15
	}
	return nil
}

// Invalid returns the error for a wrong member.
func Invalid(field, format string, args ...any) error {
	return &archive.Error{Kind: archive.Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	default:
		return "an integer"
	}
}

const maxDepth = 32

// checkObject returns an error for what package json accepts: a body that is not exactly one object, invalid UTF-8, and a member that occurs
// twice (package json takes the last one).
func checkObject(raw []byte) error {
	if !utf8.Valid(raw) {
		return Invalid("", "the body is not valid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	first, err := d.Token()
	if err != nil {
		return malformed(err)
	}
	if first != json.Delim('{') {
		return Invalid("", "the body must be a JSON object")
	}
	if err := checkRest(d, nil, true); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Invalid("", "the body has more after its JSON object")
	}
	return nil
}

func malformed(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return Invalid("", "the body is not valid JSON: it ends too early")
	}
	return Invalid("", "the body is not valid JSON: %v", err)
}

// checkRest reads an object or array to its end.
func checkRest(d *json.Decoder, path []string, object bool) error {
	if len(path) >= maxDepth {
		return Invalid("", "the body is nested deeper than %d", maxDepth)
	}
	seen := map[string]bool{}
	for d.More() {
		member := "[]"
		if object {
			name, err := d.Token()
			if err != nil {
				return malformed(err)
			}
			member, _ = name.(string)
			// Lower case, because package json matches members without regard to case.
			folded := strings.ToLower(member)
			if seen[folded] {
				field := strings.Join(append(path, member), ".")
				return Invalid(field, "%s must be given once", field)
			}
			seen[folded] = true
		}
		value, err := d.Token()
		if err != nil {
			return malformed(err)
		}
		if delim, ok := value.(json.Delim); ok {
			if err := checkRest(d, append(path, member), delim == '{'); err != nil {
				return err
			}
		}
	}
	if _, err := d.Token(); err != nil {
		return malformed(err)
	}
	return nil
}

// Write answers with v as a JSON body.
func Write(w http.ResponseWriter, status int, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode response: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err = w.Write(append(raw, '\n'))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	return nil
}

// ErrGone says that a response that was already begun could not be sent, so that no other answer can be.
var ErrGone = errors.New("client is gone")
