package offer

import (
	"strings"
	"testing"
)

func TestFragments(t *testing.T) {
	const pwd = "P2uYro0UCOQ4zxjKXaWCBui1"
	tests := []struct {
		name, text string
		want       Fragment
		bad        bool
	}{
		{"candidates", "a=ice-ufrag:EsAw\r\na=ice-pwd:" + pwd + "\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n" +
			"a=candidate:1 1 UDP 1 192.0.2.1 61764 typ host\r\na=end-of-candidates\r\n",
			Fragment{"EsAw", pwd, []Candidate{{"1 1 UDP 1 192.0.2.1 61764 typ host", "0"}}}, false},
		{"lines end in LF", "a=ice-ufrag:EsAw\na=ice-pwd:" + pwd, Fragment{Ufrag: "EsAw", Password: pwd}, false},
		{"empty", "", Fragment{}, false},
		{"no password", "a=ice-ufrag:EsAw", Fragment{Ufrag: "EsAw"}, false},
		{"no user fragment", "a=ice-pwd:" + pwd, Fragment{}, true},
		{"contradiction", "a=ice-ufrag:EsAw\na=ice-ufrag:other", Fragment{}, true},
		{"short password", "a=ice-ufrag:EsAw\na=ice-pwd:short", Fragment{}, true},
		{"not ice-char", "a=ice-ufrag:Es w\na=ice-pwd:" + pwd, Fragment{}, true},
		{"not a line", "candidate", Fragment{}, true},
		{"empty candidate", "a=candidate:", Fragment{}, true},
		{"too many", strings.Repeat("a=candidate:x\n", maxCandidates+1), Fragment{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseFragment([]byte(tt.text))
			if (err != nil) != tt.bad || got.Ufrag != tt.want.Ufrag || got.Password != tt.want.Password ||
				strings.Join(values(got), "|") != strings.Join(values(tt.want), "|") {
				t.Fatalf("got %+v, %v", got, err)
			}
		})
	}
}

func values(f Fragment) []string {
	var out []string
	for _, c := range f.Candidates {
		out = append(out, c.Value+"@"+c.Mid)
	}
	return out
}

func FuzzFragment(f *testing.F) {
	f.Add([]byte("a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1\r\n"))
	f.Add([]byte("m=\na=\n=\n"))
	f.Add([]byte(browser))
	o, err := Parse([]byte(browser))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := ParseFragment(text)
		if err != nil {
			return
		}
		if len(got.Candidates) > maxCandidates {
			t.Fatalf("%d candidates", len(got.Candidates))
		}
		again, err := ParseFragment([]byte(got.Text(o)))
		if got.Ufrag != "" && got.Password != "" && (err != nil || again.Ufrag != got.Ufrag || again.Password != got.Password) {
			t.Fatalf("written and read again: %+v, %v", again, err)
		}
	})
}
