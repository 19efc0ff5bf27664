package jsonvalue

import (
	"encoding/json"
	"testing"
)

func TestDecode(t *testing.T) {
	for text, want := range map[string]bool{
		`{"a":1}`: true, ` {} `: true, `[]`: false, `"a"`: false, `null`: false, `{"a":1} {}`: false, `{"a":`: false, ``: false,
	} {
		if _, ok := Decode(text); ok != want {
			t.Errorf("%s: %v, want %v", text, ok, want)
		}
	}
}

func TestProperties(t *testing.T) {
	o, ok := Decode(`{"text":"x","n":9007199254740993,"half":1.5,"no":false,"hasAudio":false,"list":[1],"none":null}`)
	if !ok {
		t.Fatal("not decoded")
	}
	if o.Text("text") != "x" || o.Text("n") != "" || o.Text("absent") != "" {
		t.Errorf("texts %q, %q, %q", o.Text("text"), o.Text("n"), o.Text("absent"))
	}
	if n, ok := o.Whole("n"); !ok || n != 9007199254740993 { // more than a float holds
		t.Errorf("n is %d, %v", n, ok)
	}
	for _, key := range []string{"half", "text", "absent"} {
		if n, ok := o.Whole(key); ok {
			t.Errorf("%s is the integer %d", key, n)
		}
	}
	if o.Asks("audio") || !o.Asks("video") {
		t.Error("a request without audio asks for audio, or not for video")
	}
	for key, want := range map[string]string{"text": "string", "n": "number", "no": "boolean", "list": "array", "none": "null"} {
		if got := Type(o[key]); got != want {
			t.Errorf("%s has type %s, want %s", key, got, want)
		}
	}
	if got := o.Show("list") + ", " + o.Show("absent"); got != "list [1], absent absent" {
		t.Errorf("shown as %q", got)
	}
}

func TestIntegers(t *testing.T) {
	for text, want := range map[json.Number]bool{"4": true, "4.0": true, "1.7E12": true, "-0": true, "4.5": false, "1e400": false, "9.1e18": false, "": false} {
		if n, ok := Integer(text); ok != want {
			t.Errorf("%s: %d, %v, want %v", text, n, ok, want)
		}
	}
}

func TestSame(t *testing.T) {
	a, _ := Decode(`{"x":{"b":1,"a":[2]}}`)
	b, _ := Decode(`{"x":{"a":[2],"b":1}}`)
	c, _ := Decode(`{"x":{"a":[2],"b":1.0}}`)
	if !Same(a["x"], b["x"]) || Same(a["x"], c["x"]) || Same(a["x"], nil) {
		t.Error("the order of members counts, or a value does not")
	}
}
