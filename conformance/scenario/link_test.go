package scenario

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/scenario/role"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/launch"
)

// TestFilesByLink: where no bucket has the file, it is downloaded by the link of the archive and analysed by its kind. An archive
// without a link has none.
func TestFilesByLink(t *testing.T) {
	var base string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		switch links := map[string]string{"film": base + "/files/archive.mp4?signature=s", "zip": "/files/zipped?signature=s", "gone": base + "/files/gone.mp4", "page": base + "/files/page.mp4"}; {
		case strings.HasPrefix(r.URL.Path, "/v2/") && links[id] != "":
			_ = json.NewEncoder(w).Encode(map[string]string{"id": id, "status": "available", "url": links[id]})
		case strings.HasPrefix(r.URL.Path, "/v2/"):
			_, _ = io.WriteString(w, `{"id":"none","status":"stopped","url":null}`)
		case id == "archive.mp4":
			_, _ = io.WriteString(w, "the film")
		case id == "page.mp4":
			_, _ = io.WriteString(w, "<html><body>We are away</body></html>")
		case id == "zipped":
			_, _ = io.WriteString(w, "PK\x03\x04 is how a ZIP begins")
		default:
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	base = srv.URL
	e := bare(t, 1)
	f := config.File{URL: srv.URL, Capabilities: []config.Capability{config.Cloud, config.Legacy}, Time: config.Real}
	e.Target = &launch.Target{File: f, Credentials: config.Credentials{URL: srv.URL, APIKey: "1", APISecret: "secret"}}
	e.Forensics = func(_ context.Context, path string) (json.RawMessage, error) {
		b, err := os.ReadFile(path)
		quoted, _ := json.Marshal(string(b))
		return quoted, err
	}
	done(t, e, Scenario{Name: "by link", Files: true, Within: 5 * time.Second, Run: func(ctx context.Context, f *Flow) error {
		for _, id := range []string{"film", "zip", "none", "gone", "page"} {
			if err := f.Fetch(ctx, "object", id); err != nil {
				return err
			}
		}
		return nil
	}})
	v := e.Journal.View()
	objects := v.Objects().Records
	if len(objects) != 2 || objects[0].Object.Store != "cloud" || objects[0].Object.Size != 8 || objects[0].Object.Place() != base+"/files/archive.mp4" ||
		objects[1].IDs[evidence.Archive] != "zip" {
		t.Errorf("objects %+v", objects)
	}
	if seen := v.Media().Records; len(seen) != 1 || seen[0].IDs[evidence.Archive] != "film" || string(seen[0].Media.Report) != `"the film"` {
		t.Errorf("films %+v", seen)
	}
	if seen := v.Individual().Records; len(seen) != 1 || seen[0].IDs[evidence.Archive] != "zip" {
		t.Errorf("ZIP files %+v", seen)
	}
	if p := v.Prepared().Records; len(p) != 1 || p[0].Prepared.Role != role.Default || p[0].Prepared.Store != "" || p[0].IDs[evidence.Application] != "1" {
		t.Errorf("the application: %+v", p)
	}
	if last, _ := v.Exchanges().Last(); last.Exchange.Error != evidence.PageInstead+" (text/html; charset=utf-8): We are away" {
		t.Errorf("a web page in place of a file: %+v", last.Exchange)
	}
	for _, r := range v.Exchanges().Records {
		if strings.Contains(r.Exchange.Request.URL, "/files/") && (r.Exchange.Identity != evidence.AsNobody || r.Exchange.Request.Header.Get("X-Opentok-Auth") != "") {
			t.Errorf("a link was followed with credentials: %+v", r.Exchange.Request)
		}
	}
}

// TestUnansweredReads checks that a read without an answer is told as that, and not as a status that did not come in time.
func TestUnansweredReads(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if h, ok := w.(http.Hijacker); ok {
			c, _, err := h.Hijack()
			if err == nil {
				_ = c.Close()
			}
		}
	}))
	defer srv.Close()
	e := bare(t, 1)
	f := config.File{URL: srv.URL, Capabilities: []config.Capability{config.Cloud, config.Legacy}, Time: config.Real}
	e.Target = &launch.Target{File: f, Credentials: config.Credentials{URL: srv.URL, APIKey: "1", APISecret: "secret"}}
	if err := Run(t.Context(), e, []Scenario{{Name: "unanswered", Within: 5 * time.Second, Run: func(ctx context.Context, f *Flow) error {
		_, err := f.Must(ctx, "wait.available", "a1", time.Hour, "available")
		return err
	}}}); err != nil {
		t.Fatal(err)
	}
	v := e.Journal.View()
	step, _ := v.Outcome("unanswered")
	last, ok := v.Scenario("unanswered").Label(step.BlockedBy).Last()
	if step.Outcome != evidence.Blocked || !strings.HasPrefix(step.Text, "reading the archive got no complete answer: ") || !ok || last.Exchange == nil {
		t.Errorf("%+v, shown by %+v", step, last)
	}
}
