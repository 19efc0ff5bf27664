package journal

import (
	"encoding/json"
	"reflect"
	"testing"
)

// An event that is read is one that could have been written.
func FuzzParseEvent(f *testing.F) {
	for _, text := range []string{
		`{"kind":"streamAdded","at":1,"stream":"s","classes":["focus"],"hasVideo":true}`, `{"kind":"selected","at":1,"archive":"a","selection":[{"stream":"s"}]}`,
		`{"kind":"arranged","at":-1,"archive":"a","layout":{"type":"pip"},"asked":0}`, `{"kind":"skipped","at":1,"skip":3600000000000}`, `{"kind":"x"}`, `null`, `[]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := parseEvent(text)
		if err != nil {
			return
		}
		written, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parseEvent(written); err != nil || again.Kind != got.Kind || again.At != got.At || !reflect.DeepEqual(again.Asked, got.Asked) {
			t.Fatalf("%s: read %+v, written and read again %+v, %v", text, got, again, err)
		}
	})
}
