package junit

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestUnjudged(t *testing.T) {
	var b bytes.Buffer
	if err := Unjudged(&b, "target unreachable: dial <tcp> \x00 refused", time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	if err := validate(b.Bytes()); err != nil {
		t.Errorf("%v\n%s", err, &b)
	}
	for _, want := range []string{`tests="1" failures="0" errors="1"`, `message="target unreachable: dial &lt;tcp&gt; ` + "\uFFFD" + ` refused" type="unreachable"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("lacks %s: %s", want, &b)
		}
	}
}
