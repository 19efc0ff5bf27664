package wire_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"reelcheck/reference/internal/api/wire"
	"reelcheck/reference/internal/archive"
)

type sample struct {
	Name   string   `json:"name"`
	Count  *int     `json:"count"`
	Big    int64    `json:"big"`
	On     bool     `json:"on"`
	List   []string `json:"list"`
	Nested struct {
		Type string `json:"type"`
	} `json:"nested"`
}

func post(contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		name, contentType, body string
		want                    archive.Kind // "" = accepted
		field                   string
	}{
		{"plain", "application/json", `{"name":"a","count":3,"on":true,"list":["x"],"nested":{"type":"t"}}`, "", ""},
		{"charset", "application/json; charset=utf-8", `{}`, "", ""},
		{"no content type", "", `{}`, "", ""},
		{"unknown member", "application/json", `{"other":{"a":[1,{}]}}`, "", ""},
		{"null", "application/json", `{"name":null,"count":null}`, "", ""},
		{"same name elsewhere", "application/json", `{"name":"a","nested":{"name":"b"}}`, "", ""},
		{"form", "application/x-www-form-urlencoded", `name=a`, archive.Unsupported, "Content-Type"},
		{"bad content type", "application/", `{}`, archive.Unsupported, "Content-Type"},
		{"empty", "application/json", ``, archive.Invalid, ""},
		{"cut", "application/json", `{"name":"a`, archive.Invalid, ""},
		{"cut in array", "application/json", `{"list":["a"`, archive.Invalid, ""},
		{"no object", "application/json", `null`, archive.Invalid, ""},
		{"array", "application/json", `[]`, archive.Invalid, ""},
		{"two objects", "application/json", `{} {}`, archive.Invalid, ""},
		{"trailing text", "application/json", `{}x`, archive.Invalid, ""},
		{"bad UTF-8", "application/json", "{\"name\":\"\xff\"}", archive.Invalid, ""},
		{"twice", "application/json", `{"name":"a","name":"a"}`, archive.Invalid, "name"},
		{"twice in another case", "application/json", `{"name":"a","Name":"b"}`, archive.Invalid, "Name"},
		{"twice within", "application/json", `{"nested":{"type":"a","type":"b"}}`, archive.Invalid, "nested.type"},
		{"number as string", "application/json", `{"name":1}`, archive.Invalid, "name"},
		{"string as number", "application/json", `{"count":"1"}`, archive.Invalid, "count"},
		{"fraction", "application/json", `{"count":1.5}`, archive.Invalid, "count"},
		{"too big", "application/json", `{"big":9223372036854775808}`, archive.Invalid, "big"},
		{"within", "application/json", `{"nested":{"type":[]}}`, archive.Invalid, "nested.type"},
		{"string as array", "application/json", `{"list":"x"}`, archive.Invalid, "list"},
		{"string as object", "application/json", `{"nested":"x"}`, archive.Invalid, "nested"},
		{"deep", "application/json", `{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, archive.Invalid, ""},
		{"large", "application/json", `{"name":"` + strings.Repeat("a", wire.MaxJSON) + `"}`, archive.TooLarge, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var v sample
			err := wire.Read(post(tc.contentType, tc.body), &v)
			var got *archive.Error
			switch {
			case tc.want == "":
				if err != nil {
					t.Errorf("error = %v, want none", err)
				}
			case !errors.As(err, &got):
				t.Errorf("error = %v, want an archive.Error", err)
			case got.Kind != tc.want || got.Field != tc.field:
				t.Errorf("error = %s of field %q (%v), want %s of %q", got.Kind, got.Field, err, tc.want, tc.field)
			}
		})
	}
}

func TestReadOptional(t *testing.T) {
	var v sample
	if err := wire.ReadOptional(post("text/plain", ""), &v); err != nil {
		t.Errorf("empty body: %v", err)
	}
	if err := wire.ReadOptional(post("text/plain", "x"), &v); err == nil {
		t.Error("a text body is accepted")
	}
	if err := wire.ReadOptional(post("application/json", "{}"), &v); err != nil {
		t.Errorf("empty object: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"name":"a","count":1,"nested":{"type":"b"}}`)
	f.Add(`{"a":[[{"b":1}]],"a":2}`)
	f.Add(`{"list":[`)
	f.Fuzz(func(t *testing.T, body string) {
		var v sample
		err := wire.Read(post("application/json", body), &v)
		if err == nil {
			return
		}
		if e := (*archive.Error)(nil); !errors.As(err, &e) || e.Message == "" {
			t.Errorf("error = %#v, want an archive.Error with a message", err)
		}
	})
}

func TestReadKnown(t *testing.T) {
	type inner struct {
		Deep *int `json:"deep,omitempty"`
	}
	type body struct {
		Name  *string  `json:"name,omitempty"`
		Inner *inner   `json:"inner,omitempty"`
		List  []string `json:"list"`
	}
	for text, want := range map[string]string{
		`{"name":"n","inner":{"deep":1},"list":["x"]}`: "",
		`{}`:                      "",
		`{"inner":null}`:          "",
		`{"Name":"n"}`:            `"Name" is unknown here; there are inner, list, name`,
		`{"inner":{"deeper":1}}`:  `"inner.deeper" is unknown here; there are deep`,
		`{"inner":[]}`:            "inner must be an object, got array",
		`{"name":1}`:              "name must be a string, got number",
		`[]`:                      "the body must be a JSON object",
		`{"name":"a","name":"b"}`: "name must be given once",
	} {
		var got body
		err := wire.ReadKnown(httptest.NewRequest(http.MethodPost, "/", strings.NewReader(text)), &got)
		if fmt.Sprint(err) != want && (err != nil || want != "") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if err := wire.ReadKnown(httptest.NewRequest(http.MethodPost, "/", http.NoBody), &body{}); err == nil {
		t.Error("an empty body was read")
	}
	if err := wire.ReadOptionalKnown(httptest.NewRequest(http.MethodPost, "/", http.NoBody), &body{}); err != nil {
		t.Errorf("an empty body that may be: %v", err)
	}
}
