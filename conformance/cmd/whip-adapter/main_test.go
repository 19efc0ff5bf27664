package main

import (
	"bytes"
	"strings"
	"testing"

	"reelcheck/conformance/publisher/wire"
	"reelcheck/conformance/target/config"
)

// talk gives the adapter lines and returns what it answered.
func talk(t *testing.T, lines ...string) ([]wire.Line, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), strings.NewReader(strings.Join(lines, "\n")), &out)
	var said []wire.Line
	for line := range strings.Lines(out.String()) {
		var l wire.Line
		if err := wire.Decode([]byte(line), &l); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		said = append(said, l)
	}
	return said, err
}

func TestSaysHelloAndAnswersEveryCommand(t *testing.T) {
	t.Parallel()
	said, err := talk(t, `{"id":1,"do":"dance","publication":"p"}`, `{"id":2,"do":"disconnect","client":"c"}`,
		`{"id":3,"do":"publish","publication":"p","url":"http://127.0.0.1:1","audio":{"fixture":"tone-99","file":"","codec":"Opus","rate":50,"units":1}}`)
	if err != nil {
		t.Fatal(err)
	}
	if said[0].Event != wire.Hello || said[0].Protocol != wire.Version || len(said[0].Can) != len(config.Abilities) {
		t.Errorf("first %+v", said[0])
	}
	errors := map[int64]string{}
	for _, l := range said[1:] {
		errors[l.ID] = l.Error
	}
	for id, want := range map[int64]string{1: `unknown publication "p"`, 2: `unknown client "c"`, 3: "tone-99"} {
		if !strings.Contains(errors[id], want) {
			t.Errorf("answer to %d: %q, want one with %q", id, errors[id], want)
		}
	}
}

func TestALineThatIsNoCommandEndsIt(t *testing.T) {
	t.Parallel()
	if _, err := talk(t, "hello"); err == nil {
		t.Error("accepted")
	}
}
