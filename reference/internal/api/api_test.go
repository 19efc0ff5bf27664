package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api"
	"reelcheck/reference/internal/archive"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

func bearer(t *testing.T) []string {
	t.Helper()
	return []string{"Authorization", "Bearer " + app.Bearer(t, start, nil), "Accept", "application/json", "Content-Type", "application/json"}
}

func project(t *testing.T) []string {
	t.Helper()
	return []string{"X-OPENTOK-AUTH", app.Project(t, start, nil), "Accept", "application/json", "Content-Type", "application/json"}
}

func TestArchiveShapes(t *testing.T) {
	fresh := sample(archiveID, "1_MX4x", "29f760f8-7ce1-46c9-ade3-f2dedee4ed5f")
	available := fresh
	available.Status, available.Reason, available.Name = archive.Available, archive.ReasonUser, "Foo"
	available.EffectiveAt, available.UpdatedAt = start.Add(1500*time.Millisecond), start.Add(time.Minute)
	available.Duration, available.Size, available.SHA256Sum = 59*time.Second, 7_247_748_791, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	available.MaxBitrate, available.Resolution, available.MultiArchiveTag = 500_000, "1080x1920", "second"
	uploaded := available
	uploaded.Status, uploaded.MaxBitrate, uploaded.QuantizationParameter, uploaded.HasVideo = archive.Uploaded, 0, 25, false
	manual := fresh
	manual.StreamMode = archive.Manual
	manual.Streams = []archive.Inclusion{{StreamID: streamID, HasAudio: true}}

	for name, a := range map[string]archive.Archive{"fresh": fresh, "available": available, "uploaded": uploaded, "manual": manual} {
		for identity, headers := range map[string]func(*testing.T) []string{"unified": bearer, "legacy": project} {
			t.Run(name+"/"+identity, func(t *testing.T) {
				w := newWorld(t)
				w.sessions.archive = func(string, string) (archive.Archive, error) { return a, nil }
				owner := map[string]string{"unified": app.ID, "legacy": app.Application.Key()}[identity]
				answer := w.do(http.MethodGet, "/v2/project/"+owner+"/archive/"+archiveID, "", headers(t)...)
				if answer.Code != http.StatusOK || answer.Header().Get("Content-Type") != "application/json" {
					t.Fatalf("%d %s", answer.Code, answer.Body)
				}
				golden(t, name+"-"+identity+".json", answer.Body.Bytes())
			})
		}
	}
}

func golden(t *testing.T, name string, body []byte) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, body, "", "  "); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("answer differs from %s:\n%s", path, got.String())
	}
}

func TestListHasCountAndItemsOnly(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"c0000000-3811-4726-b508-e41a0f96c68f", "d0000000-3811-4726-b508-e41a0f96c68f"} {
		w.sessions.archives[id] = sample(id, sessionID, app.ID)
	}
	for _, tc := range []struct {
		query        string
		count, items int
	}{
		{"", 3, 3}, {"?count=2", 3, 2}, {"?offset=2", 3, 1}, {"?offset=9", 3, 0}, {"?count=0", 3, 0}, {"?sessionId=" + sessionID, 3, 3},
		{"?sessionId=" + foreignSess, 0, 0}, {"?count=1000&unknown=1", 3, 3},
	} {
		answer := w.do(http.MethodGet, "/v2/project/"+app.ID+"/archive"+tc.query, "", bearer(t)...)
		var list map[string]json.RawMessage
		if err := json.Unmarshal(answer.Body.Bytes(), &list); err != nil {
			t.Fatal(err)
		}
		var items []any
		var count int
		if err := errors.Join(json.Unmarshal(list["items"], &items), json.Unmarshal(list["count"], &count)); err != nil {
			t.Fatalf("%q: %v: %s", tc.query, err, answer.Body)
		}
		if len(list) != 2 || count != tc.count || len(items) != tc.items || items == nil {
			t.Errorf("%q answers %s, want count %d and %d items, nothing else", tc.query, answer.Body, tc.count, tc.items)
		}
	}
}

func TestCreateSession(t *testing.T) {
	for _, tc := range []struct {
		name, form, accept string
		legacy             bool
		mode, location     string
	}{
		{"nothing", "", "application/json", false, archive.Routed, ""},
		{"relayed", "p2p.preference=enabled", "application/json", false, archive.Relayed, ""},
		{"relayed as one SDK says it", "p2p.preference=always", "application/json", false, archive.Relayed, ""},
		{"location of another SDK", "location=null&archiveMode=manual&p2p.preference=disabled&e2ee=false", "application/json", false, archive.Routed, ""},
		{"location", "location=10.1.2.3", "text/plain;q=0.1, application/json", true, archive.Routed, "10.1.2.3"},
		{"archived automatically", "archiveMode=always&archiveName=a-b_c~d&archiveResolution=1280x720", "application/json", false, archive.Routed, ""},
		{"XML", "", "*/*", true, archive.Routed, ""},
		{"XML without Accept", "", "", false, archive.Routed, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			headers, owner := bearer(t), app.ID
			if tc.legacy {
				headers, owner = project(t), app.Application.Key()
			}
			answer := w.do(http.MethodPost, "/session/create", tc.form, append(headers, "Accept", tc.accept, "Content-Type", "application/x-www-form-urlencoded")...)
			if answer.Code != http.StatusOK {
				t.Fatalf("%d %s", answer.Code, answer.Body)
			}
			id := createdID(t, answer.Header().Get("Content-Type"), answer.Body.String(), strings.Contains(tc.accept, "json"))
			said, err := account.ParseID(id)
			if err != nil || said.Owner != owner || said.Location != tc.location || !said.CreatedAt.Equal(start) {
				t.Errorf("session id %q says %+v, %v", id, said, err)
			}
			mode, name, resolution := archive.Manual, "", ""
			if strings.Contains(tc.form, "always&") {
				mode, name, resolution = archive.Always, "a:b:c:d", "1280x720"
			}
			if got := w.sessions.sessions[id]; got.MediaMode != tc.mode || got.ArchiveMode != mode || got.ArchiveName != name ||
				got.ArchiveResolution != resolution || got.ApplicationID != app.ID {
				t.Errorf("session = %+v", got)
			}
		})
	}
}

func createdID(t *testing.T, contentType, body string, wantJSON bool) string {
	t.Helper()
	if !wantJSON {
		_, rest, ok := strings.Cut(body, "<sessions><Session><session_id>")
		id, _, _ := strings.Cut(rest, "</session_id><partner_id>")
		if !ok || contentType != "application/xml" || !strings.HasSuffix(body, "<create_dt>Mon Nov 02 10:00:00 UTC 2026</create_dt></Session></sessions>") {
			t.Fatalf("%s: %s", contentType, body)
		}
		return id
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 1 {
		t.Fatalf("%v: %s", err, body)
	}
	id, _ := list[0]["session_id"].(string)
	return id
}

func TestSessionErrorsInXML(t *testing.T) {
	w := newWorld(t)
	answer := w.do(http.MethodPost, "/session/create", "", "Accept", "*/*")
	const want = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><errorPayload><code>-1</code><message>No suitable authentication found</message></errorPayload>`
	if answer.Code != http.StatusForbidden || answer.Body.String() != want {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		want string
		code int
	}{
		{"code of the service", &archive.Error{Kind: archive.Conflict, Code: 15002, Message: "m"}, `{"code":15002,"description":"m","message":"m"}`, 409},
		{"code of HTTP", &archive.Error{Kind: archive.NotFound, Message: "m"}, `{"code":404,"description":"m","message":"m"}`, 404},
		{"unavailable", &archive.Error{Kind: archive.Unavailable, Message: "m"}, `{"code":503,"description":"m","message":"m"}`, 503},
		{"internal", &archive.Error{Kind: archive.Internal, Message: "secret"}, `{"code":-1,"description":"Internal server error","message":"Internal server error"}`, 500},
		{"anything else", errors.New("secret"), `{"code":-1,"description":"Internal server error","message":"Internal server error"}`, 500},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			w.sessions.archive = func(string, string) (archive.Archive, error) { return archive.Archive{}, tc.err }
			answer := w.do(http.MethodGet, "/v2/project/"+app.ID+"/archive/"+archiveID, "", bearer(t)...)
			if got := strings.TrimSpace(answer.Body.String()); answer.Code != tc.code || got != tc.want {
				t.Errorf("%d %s, want %d %s", answer.Code, got, tc.code, tc.want)
			}
		})
	}
}

func TestPanicIsAnInternalError(t *testing.T) {
	w := newWorld(t)
	w.sessions.archive = func(string, string) (archive.Archive, error) {
		w.sessions.mu.Unlock() // held by the fake
		defer w.sessions.mu.Lock()
		panic("boom")
	}
	answer := w.do(http.MethodGet, "/v2/project/"+app.ID+"/archive/"+archiveID, "", bearer(t)...)
	if answer.Code != http.StatusInternalServerError || strings.Contains(answer.Body.String(), "boom") {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

func TestPathsAndMethods(t *testing.T) {
	w := newWorld(t)
	for _, tc := range []struct {
		method, path string
		code         int
		allow        string
	}{
		{http.MethodGet, "/", 404, ""},
		{http.MethodGet, "/nothing", 404, ""},
		{http.MethodPost, "/v2//project/x/archive", 404, ""},
		{http.MethodPost, "/v2/project/../session/create", 404, ""},
		{http.MethodPost, "/session/create/", 404, ""},
		{http.MethodPatch, "/session/create", 405, "POST"},
		{http.MethodPut, "/v2/project/" + app.ID + "/archive", 405, "GET, HEAD, POST"},
		{http.MethodGet, "/v2/session/" + sessionID + "/whip", 405, "OPTIONS, POST"},
		{http.MethodPost, "/healthz", 405, "GET, HEAD"},
	} {
		answer := w.do(tc.method, tc.path, "")
		var body struct{ Message string }
		if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil || body.Message == "" {
			t.Errorf("%s %s: body %q", tc.method, tc.path, answer.Body)
		}
		allow := strings.Split(answer.Header().Get("Allow"), ", ")
		slices.Sort(allow)
		if answer.Code != tc.code || strings.Join(allow, ", ") != tc.allow {
			t.Errorf("%s %s: %d with Allow %q, want %d %q", tc.method, tc.path, answer.Code, allow, tc.code, tc.allow)
		}
	}
}

func TestWithoutOptionalParts(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.ControlAPI, c.Metrics, c.Download = nil, nil, nil })
	for _, path := range []string{"/control/v1/applications/" + app.ID + "/clock", "/metrics", "/cloud/a/b/archive.mp4"} {
		if answer := w.do(http.MethodGet, path, "", "Authorization", "Bearer "+controlToken); answer.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, answer.Code)
		}
	}
}

func TestStopTakesAnyEmptyBody(t *testing.T) {
	for _, tc := range []struct{ contentType, body string }{
		{"application/json", ""}, {"application/json", "{}"}, {"", ""}, {"text/plain", ""}, {"application/json", `{"any":[1]}`},
	} {
		w := newWorld(t)
		answer := w.do(http.MethodPost, "/v2/project/"+app.ID+"/archive/"+archiveID+"/stop", tc.body, append(bearer(t), "Content-Type", tc.contentType, "Accept", "*/*")...)
		if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), `"status":"stopped"`) {
			t.Errorf("%q %q: %d %s", tc.contentType, tc.body, answer.Code, answer.Body)
		}
	}
}

func TestStartRefusals(t *testing.T) {
	w := newWorld(t)
	for _, tc := range []struct {
		body string
		code int
		says string
	}{
		{`{}`, 400, "sessionId"},
		{`{"sessionId":null}`, 400, "sessionId"},
		{`{"sessionId":"` + sessionID + `","hasAudio":false,"hasVideo":false}`, 400, "hasAudio"},
		{`{"sessionId":"` + sessionID + `","maxBitrate":200000,"quantizationParameter":20}`, 400, "maxBitrate"},
		{`{"sessionId":"` + sessionID + `","resolution":"1x1"}`, 400, "1920x1080"},
		{`{"sessionId":"` + sessionID + `","outputMode":"individual","resolution":"640x480"}`, 400, "resolution"},
		{`{"sessionId":"` + sessionID + `","layout":{"type":"bestFit","stylesheet":"x"}}`, 400, "stylesheet"},
		{`{"sessionId":"` + sessionID + `","hasTranscription":true}`, 400, "hasTranscription"},
		{`{"sessionId":"` + relayedID + `"}`, 409, "routed"},
		{`{"sessionId":"` + foreignSess + `"}`, 404, "session"},
		{`{"sessionId":"` + sessionID + `","outputMode":"individual","hasTranscription":true}`, 501, "hasTranscription"},
		{`{"sessionId":"` + sessionID + `","layout":{"type":"custom","stylesheet":"stream{color:red}"}}`, 400, "layout.stylesheet has in the rule"},
		{`{"sessionId":"` + sessionID + `","layout":{"type":"custom","stylesheet":"` + strings.Repeat(" ", 65537) + `"}}`, 400, "65536 bytes"},
	} {
		answer := w.do(http.MethodPost, "/v2/project/"+app.ID+"/archive", tc.body, bearer(t)...)
		if answer.Code != tc.code || !strings.Contains(answer.Body.String(), tc.says) {
			t.Errorf("%s: %d %s, want %d about %q", tc.body, answer.Code, answer.Body, tc.code, tc.says)
		}
	}
	if changes := w.sessions.Changes(); len(changes) > 0 {
		t.Errorf("something changed: %s", changes)
	}
	answer := w.do(http.MethodPost, "/v2/project/"+app.ID+"/archive", `{"sessionId":"`+sessionID+`","name":null,"resolution":"1920x1080","maxBitrate":100000,"surprise":{}}`, bearer(t)...)
	if answer.Code != http.StatusOK {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

func TestSelectStreams(t *testing.T) {
	for _, tc := range []struct {
		archive, body string
		code          int
		change        string
	}{
		{archiveID, `{"addStream":"` + streamID + `"}`, 204, "add true true"},
		{archiveID, `{"addStream":"` + streamID + `","hasAudio":false}`, 204, "add false true"},
		{archiveID, `{"addStream":"` + streamID + `","hasVideo":false,"removeStream":null}`, 204, "add true false"},
		{archiveID, `{"removeStream":"` + streamID + `"}`, 204, "remove"},
		{archiveID, `{"addStream":"` + streamID + `","hasAudio":false,"hasVideo":false}`, 400, ""},
		{archiveID, `{}`, 400, ""},
		{archiveID, `{"addStream":"` + streamID + `","removeStream":"` + streamID + `"}`, 400, ""},
		{archiveID, `{"addStream":"camera"}`, 400, ""},
		{archiveID, `{"addStream":"` + unknownID + `"}`, 404, ""},
		{unknownID, `{"addStream":"` + streamID + `"}`, 404, ""},
		{foreignID, `{"removeStream":"` + streamID + `"}`, 404, ""},
	} {
		w := newWorld(t)
		answer := w.do(http.MethodPatch, "/v2/project/"+app.ID+"/archive/"+tc.archive+"/streams", tc.body, bearer(t)...)
		if got := strings.Join(w.sessions.Changes(), ", "); answer.Code != tc.code || got != tc.change {
			t.Errorf("%s: %d %s and %q, want %d and %q", tc.body, answer.Code, answer.Body, got, tc.code, tc.change)
		}
	}
}

func TestMigrateSession(t *testing.T) {
	keys(t)
	for id, want := range map[string]int{sessionID: 202, relayedID: 404, foreignSess: 404, "x": 400} {
		w := newWorld(t)
		answer := w.do(http.MethodPost, "/v2/project/"+app.ID+"/session/"+id+"/migrate", "", bearer(t)...)
		if answer.Code != want || (want == 202) != strings.Contains(answer.Body.String(), `{"message":"Session migration initiated"}`) {
			t.Errorf("%s: %d %s", id, answer.Code, answer.Body)
		}
	}
}

func TestConnectionListPerIdentity(t *testing.T) {
	w := newWorld(t)
	for owner, tc := range map[string]struct {
		headers []string
		want    string
	}{
		app.ID:                {bearer(t), `"applicationId":"` + app.ID + `"`},
		app.Application.Key(): {project(t), `"projectId":"` + app.Application.Key() + `"`},
	} {
		body := w.do(http.MethodGet, "/v2/project/"+owner+"/session/"+sessionID+"/connection", "", tc.headers...).Body.String()
		if !strings.Contains(body, tc.want) || strings.Contains(body, "applicationId") == strings.Contains(body, "projectId") || !strings.Contains(body, `"createdAt":"1793613600123"`) {
			t.Errorf("%s", body)
		}
	}
}
