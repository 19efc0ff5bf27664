package target

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target/pace"
)

// elsewhere records the requests to a third party.
type elsewhere struct {
	*httptest.Server
	asked []*http.Request
}

func thirdParty(t *testing.T) *elsewhere {
	e := &elsewhere{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.asked = append(e.asked, r)
		_, _ = io.WriteString(w, "theirs")
	}))
	t.Cleanup(e.Close)
	return e
}

// TestRedirectsAreAnswers checks that no request goes to the address in a redirect, whoever makes the call.
func TestRedirectsAreAnswers(t *testing.T) {
	for _, as := range []evidence.Identity{evidence.AsUnified, evidence.AsLegacy, evidence.AsControl, evidence.AsNobody} {
		third := thirdParty(t)
		cl := client(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, third.URL+"/internal", http.StatusTemporaryRedirect)
		})
		a, err := cl.Do(t.Context(), Call{Label: "start", Method: http.MethodPost, Path: "/v2/project/x/archive", Body: []byte("secrets"), As: as, Deliberate: true})
		if err != nil || a.Status != http.StatusTemporaryRedirect || len(third.asked) > 0 {
			t.Errorf("%s: %v, status %d, a third party got %d requests", as, err, a.Status, len(third.asked))
		}
	}
}

// TestDownloadLinksAreFollowed checks that redirects of download links are followed without credentials, and recorded.
func TestDownloadLinksAreFollowed(t *testing.T) {
	third := thirdParty(t)
	cl := client(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cloud" {
			http.Redirect(w, r, "/again", http.StatusFound)
			return
		}
		http.Redirect(w, r, third.URL+"/file", http.StatusTemporaryRedirect)
	})
	var got bytes.Buffer
	a, err := cl.Do(t.Context(), Call{Label: "file", Method: http.MethodGet, Path: "/cloud", As: evidence.AsLegacy, Follow: true, Keep: &got, Deliberate: true})
	if err != nil || !a.OK() || got.String() != "theirs" || len(third.asked) != 1 {
		t.Fatalf("%v, status %d, %q, %d requests", err, a.Status, got.String(), len(third.asked))
	}
	if h := third.asked[0].Header; h.Get("Authorization") != "" || h.Get("X-Opentok-Auth") != "" {
		t.Errorf("a third party got %v", h)
	}
	way := a.Exchange.Redirects
	if len(way) != 2 || way[0].Status != http.StatusFound || way[0].Location != "/again" || way[1].From != cl.Base+"/again" || way[1].Location != third.URL+"/file" {
		t.Errorf("evidence %+v", way)
	}
	loop := client(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	a, err = loop.Do(t.Context(), Call{Label: "file", Method: http.MethodGet, Path: "/cloud", As: evidence.AsNobody, Follow: true, Deliberate: true})
	if err != nil || a.Status != 0 || !strings.Contains(a.Exchange.Error, "redirects") {
		t.Errorf("a loop: %v, status %d, %q", err, a.Status, a.Exchange.Error)
	}
}

// TestNothingIsUnpacked checks that a download is as long as its bytes on the wire.
func TestNothingIsUnpacked(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, strings.Repeat("x", 10<<20))
	_ = z.Close()
	cl := client(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	})
	var got bytes.Buffer
	_, err := cl.Do(t.Context(), Call{Label: "file", Method: http.MethodGet, Path: "/cloud", As: evidence.AsNobody, Keep: &got, Deliberate: true})
	if err != nil || !bytes.Equal(got.Bytes(), packed.Bytes()) {
		t.Errorf("%v, kept %d bytes of %d", err, got.Len(), packed.Len())
	}
}

func TestAtMost(t *testing.T) {
	for size, fits := range map[int]bool{0: true, 9: true, 10: true, 11: false, 100: false} {
		content := strings.Repeat("x", size)
		body, err := readAtMost(strings.NewReader(content), 10)
		if errors.Is(err, errTooLong) == fits || len(body) > 11 {
			t.Errorf("%d bytes: %d read, %v", size, len(body), err)
		}
	}
}

// TestDownloadsAreBounded checks that a download which stalls, or is too long, ends soon, and that its record says how much had come.
func TestDownloadsAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		sent int
		want string
	}{"stalls": {5, "the download had not ended after"}, "too long": {20, "the file is too long"}} {
		cl := client(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", c.sent))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		var file bytes.Buffer
		a, err := cl.Do(t.Context(), Call{Label: "file", Method: http.MethodGet, Path: "/cloud", As: evidence.AsNobody, Deliberate: true,
			Keep: &file, Pace: pace.Bounds{Patience: 200 * time.Millisecond, Rate: 1 << 20, Most: 10}})
		if err != nil || !strings.Contains(a.Exchange.Error, c.want) || a.Exchange.Received != int64(c.sent) || file.Len() > 10 {
			t.Errorf("%s: %v, %+v, kept %d", name, err, a.Exchange, file.Len())
		}
	}
}

// TestDescribeIsOneLine checks that the line end of an answer does not break the text around it.
func TestDescribeIsOneLine(t *testing.T) {
	a := Answer{Status: 403, Body: []byte("{}\n"), Record: evidence.Record{Exchange: &evidence.Exchange{Response: &evidence.Response{Status: 403}}}}
	if got := a.Describe(); got != "403 {}" {
		t.Errorf("%q", got)
	}
}
