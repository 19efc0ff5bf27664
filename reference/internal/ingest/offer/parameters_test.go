package offer

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"
)

// TestParameterSetsOfOffers checks that declared sets are limited, and that malformed ones are ignored.
func TestParameterSetsOfOffers(t *testing.T) {
	read := func(lines ...string) map[uint8][][]byte {
		media := &sdp.MediaDescription{}
		for _, line := range lines {
			media.WithValueAttribute("fmtp", line)
		}
		return parameterSets(media)
	}
	many := strings.Repeat("Z0LgHw==,", 1000)
	for _, c := range []struct {
		line string
		want int
	}{
		{"102 profile-level-id=42e01f; sprop-parameter-sets=Z0LgHw==,aM4", 2},
		{"102 sprop-parameter-sets=", 1},
		{"102 sprop-parameter-sets=Z0LgHw==,!,aM4=", 2},
		{"102 sprop-parameter-sets=" + many, mostSets},
		{"102 sprop-parameter-setsZ0LgHw==", 0},
		{"300 sprop-parameter-sets=Z0LgHw==", 0},
		{"sprop-parameter-sets=Z0LgHw==", 0},
	} {
		if got := read(c.line); len(got[102]) != c.want || len(got) > 1 {
			t.Errorf("%.60s: %s", c.line, fmt.Sprint(len(got[102])))
		}
	}
	if got := read("102 sprop-parameter-sets=Z0LgHw==", "103 sprop-parameter-sets=aM4="); len(got[102]) != 1 || len(got[103]) != 1 {
		t.Errorf("%v", got)
	}
}
