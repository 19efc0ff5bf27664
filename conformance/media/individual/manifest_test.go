package individual

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestManifestKeepsWhatIsWritten(t *testing.T) {
	t.Parallel()
	m := ParseManifest([]byte(`{"createdAt": 1384221730000, "id": "b4\u00e9", "name": null, "partnerId": "123", "odd": 1.5, "yes": true,
		"files": [{"size": 12, "startTimeOffset": -5}, {"size": "12"}, 7, {}]}`))
	for member, want := range map[string]string{"createdAt": JSONNumber, "id": JSONString, "name": JSONNull, "partnerId": JSONString, "odd": JSONNumber,
		"yes": JSONBoolean, "files": JSONArray, "sessionId": JSONAbsent} {
		if got := m.Members[member].Kind(); got != want {
			t.Errorf("%s is %s, want %s", member, got, want)
		}
	}
	if id, ok := m.Members["id"].Text(); !ok || id != "b4é" {
		t.Errorf("id %q, %v", id, ok)
	}
	if n, ok := m.Members["createdAt"].Whole(); !ok || n != 1384221730000 {
		t.Errorf("createdAt %d, %v", n, ok)
	}
	for _, member := range []string{"odd", "partnerId", "name", "sessionId"} {
		if n, ok := m.Members[member].Whole(); ok {
			t.Errorf("%s is the integer %d", member, n)
		}
	}
	if _, ok := m.Members["createdAt"].Text(); ok {
		t.Error("a number was taken for a string")
	}
	if len(m.Files) != 4 || m.Files[1]["size"].Kind() != JSONString || len(m.Files[2]) != 0 || m.Files[3]["size"].Kind() != JSONAbsent {
		t.Errorf("files %v", m.Files)
	}
	if n, ok := m.Files[0]["startTimeOffset"].Whole(); !ok || n != -5 {
		t.Errorf("startTimeOffset %d, %v", n, ok)
	}
	if len(m.Findings) != 1 || m.Findings[0].Kind != Broken { // the item that is a 7
		t.Errorf("%v", m.Findings)
	}
}

func TestManifestsThatAreNone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Kind{
		"": Broken, "{": Broken, "[]": Broken, "null": Broken, `"a"`: Broken, `{"a":1} {`: Broken, `{"a":1}x`: Broken, `{"a" 1}`: Broken, `{1:2}`: Broken, `{"a":1,}`: Broken,
		"{\"a\":\"\xff\"}": Broken, `{"id":1,"id":2}`: Duplicate, `{"files":[{"size":1,"size":2}]}`: Duplicate, "\xef\xbb\xbf{}": Broken,
		strings.Repeat("[", 100000): Broken, `{"a":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + "}": Broken,
		`{"files":[0` + strings.Repeat(",0", maxEntries) + "]}": Limit,
	} {
		m := ParseManifest([]byte(text))
		if !slices.ContainsFunc(m.Findings, func(f Finding) bool { return f.Kind == want }) || len(m.Findings) > maxFindings {
			t.Errorf("%.40q: %v, want %s", text, m.Findings, want)
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"createdAt": 1384221730000, "id": "a", "name": null, "files": [{"size": 12}, 7], "odd": [1, {"a": true}]}`))
	f.Add([]byte(`{"id":1,"id":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := ParseManifest(b)
		for _, v := range m.Members {
			_, _ = v.Text()
			_, _ = v.Whole()
			if shown := v.Show(); len(shown) > 210 {
				t.Errorf("%d bytes are shown", len(shown))
			}
		}
		if len(m.Findings) == 0 && !json.Valid(b) {
			t.Errorf("%q was taken for JSON", b)
		}
		if _, err := json.Marshal(m); err != nil {
			t.Fatal(err)
		}
	})
}
