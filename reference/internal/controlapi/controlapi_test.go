package controlapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api/target"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/controlapi"
	"reelcheck/reference/internal/fault"
	"reelcheck/reference/internal/outbound"
	"reelcheck/reference/internal/sessions"
	"reelcheck/reference/internal/store"
)

const token = "0123456789abcdef"

var start = time.Date(2026, 11, 2, 10, 0, 0, 999, time.UTC) // finer than milliseconds

// fake is a store and a session runner with one clock.
type fake struct {
	reset    []string
	replayed []int64
	log      []store.Delivery
	apps     map[string]account.Application
	offset   time.Duration
	due      []sessions.Due
	targets  []time.Time
	deleted  []string
	rotated  []string
}

func (f *fake) CreateApplication(_ context.Context, a account.Application) error {
	f.apps[a.ID] = a
	return nil
}

func (f *fake) Application(_ context.Context, id string) (account.Application, error) {
	a, ok := f.apps[id]
	if !ok {
		return a, fmt.Errorf("application: %w", store.ErrNotFound)
	}
	return a, nil
}

func (f *fake) DeleteApplication(_ context.Context, id string) error {
	f.deleted = append(f.deleted, id)
	return nil
}

func (f *fake) ResetApplication(_ context.Context, id string) error {
	f.reset = append(f.reset, id)
	return nil
}

func (f *fake) Deliveries(context.Context, string, int) ([]store.Delivery, error) { return f.log, nil }

func (f *fake) ReplayDelivery(_ context.Context, _ string, id int64, _ time.Time) error {
	for _, d := range f.log {
		if d.ID == id {
			f.replayed = append(f.replayed, id)
			return nil
		}
	}
	return store.ErrNotFound
}

func (f *fake) Now(string) time.Time        { return start.Add(f.offset) }
func (f *fake) Offset(string) time.Duration { return f.offset }

func (f *fake) Advance(_ context.Context, _ string, target time.Time) (sessions.Walk, error) {
	f.targets = append(f.targets, target)
	f.offset = target.Sub(start)
	return sessions.Walk{Fired: f.due, Skipped: []sessions.Skip{{ArchiveID: "a", By: time.Second}}}, nil
}

func (f *fake) Rotate(_ context.Context, _, sessionID string, in time.Duration) error {
	f.rotated = append(f.rotated, sessionID+" in "+in.String())
	return nil
}

func (f *fake) Deadlines(context.Context, string) ([]sessions.Due, error) { return f.due, nil }

// anywhere allows applications to name every address.
var anywhere = target.Rules{Guard: outbound.Guard{AllowPrivate: true}}

func newAPI() (*fake, *controlapi.API) {
	f := &fake{apps: map[string]account.Application{"app": {ID: "app"}}}
	return f, controlapi.New(controlapi.Config{Token: token, Applications: f, Sessions: f, Webhooks: f, Board: &fault.Board{}, Targets: anywhere, Now: func() time.Time { return start }})
}

func request(app, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.SetPathValue("applicationId", app)
	r.Header.Set("Content-Type", "application/json")
	return r
}

func kind(err error) archive.Kind {
	var e *archive.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return archive.Kind(fmt.Sprint(err))
}

func TestAuthorize(t *testing.T) {
	_, a := newAPI()
	for header, want := range map[string]archive.Kind{
		"Bearer " + token: "<nil>", "bearer " + token: "<nil>", "": archive.Forbidden, "Bearer": archive.Forbidden, "Basic " + token: archive.Forbidden,
		"Bearer x": archive.Forbidden, "Bearer " + token + "x": archive.Forbidden,
	} {
		r := request("app", "")
		r.Header.Set("Authorization", header)
		if err := a.Authorize(r); kind(err) != want {
			t.Errorf("%q: %v, want %v", header, err, want)
		}
	}
	open := controlapi.New(controlapi.Config{})
	r := request("app", "")
	r.Header.Set("Authorization", "Bearer  ")
	if err := open.Authorize(r); err == nil {
		t.Error("without a token of its own the API lets requests in")
	}
}

func TestCreateApplication(t *testing.T) {
	f, a := newAPI()
	w := httptest.NewRecorder()
	err := a.CreateApplication(w, request("", `{"name":"n","preferredVideoCodec":"VP9","archiveCallbackUrl":"http://127.0.0.1:1/a","signatureSecret":"s",
		"storage":{"type":"s3","config":{"accessKey":"a","secretKey":"b","bucket":"c","endpoint":"http://127.0.0.1:9000","region":"eu-west-1","sse":"s3"},"fallback":"none"}}`))
	if err != nil {
		t.Fatal(err)
	}
	var created struct{ ApplicationID, PrivateKey, APIKey, APISecret string }
	if err := json.Unmarshal(w.Body.Bytes(), &created); err != nil || w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	app := f.apps[created.ApplicationID]
	want := account.S3{AccessKey: "a", SecretKey: "b", Bucket: "c", Endpoint: "http://127.0.0.1:9000", Region: "eu-west-1", SSE: true}
	if app.Storage == nil || app.Storage.S3 != want || app.Fallback || app.PreferredVideoCodec != "VP9" || app.SignatureSecret != "s" ||
		app.ArchiveCallbackURL != "http://127.0.0.1:1/a" || app.Name != "n" || !app.CreatedAt.Equal(start) {
		t.Errorf("application %+v", app)
	}
	if created.APIKey != app.Key() || created.APISecret != app.APISecret || !strings.Contains(created.PrivateKey, "PRIVATE KEY") || strings.Contains(fmt.Sprint(app), "PRIVATE") {
		t.Errorf("answer %s", w.Body)
	}
}

func TestFallback(t *testing.T) {
	const storage = `"storage":{"type":"s3","config":{"accessKey":"a","secretKey":"b","bucket":"c"}`
	for body, want := range map[string]bool{
		`{"fallback":"none"}`: false, `{` + storage + `}}`: true,
		`{"fallback":"none",` + storage + `,"fallback":"vonage"}}`: true, `{` + storage + `,"fallback":"none"}}`: false,
	} {
		f, a := newAPI()
		if err := a.CreateApplication(httptest.NewRecorder(), request("", body)); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		delete(f.apps, "app")
		for _, app := range f.apps {
			if app.Fallback != want {
				t.Errorf("%s: fallback %t, want %t", body, app.Fallback, want)
			}
		}
	}
}

func TestApplicationsNotCreated(t *testing.T) {
	f, a := newAPI()
	for body, want := range map[string]archive.Kind{
		`{"preferredVideoCodec":"AV1"}`:               archive.Invalid,
		`{"archiveCallbackUrl":"ftp://x/"}`:           archive.Invalid,
		`{"archiveCallbackUrl":"/relative"}`:          archive.Invalid,
		`{"sessionCallbackUrl":"http://"}`:            archive.Invalid,
		`{"storage":{}}`:                              archive.Invalid,
		`{"storage":{"type":"s3","config":{}}}`:       archive.Invalid,
		`{"storage":{"type":"ftp","config":{}}}`:      archive.Invalid,
		`{"storage":{"type":"azure","config":{}}}`:    archive.Invalid,
		`{"fallback":"maybe"}`:                        archive.Invalid,
		`{"name":"` + strings.Repeat("n", 257) + `"}`: archive.Invalid,
		`{"storage":{"type":"azure","config":{"accountName":"a","accountKey":"b","container":"c"}}}`:                        archive.Invalid,
		`{"storage":{"type":"azure","config":{"accountName":"a","accountKey":"Yg==","container":"c","domain":"a/b"}}}`:      archive.Invalid,
		`{"storage":{"type":"s3","certificate":"pem","config":{"accessKey":"a","secretKey":"b","bucket":"c"}}}`:             archive.Invalid,
		`{"storage":{"type":"s3","config":{"accessKey":"a","secretKey":"b","bucket":"c","endpoint":"s3.example.com"}}}`:     archive.Invalid,
		`{"storage":{"type":"s3","config":{"accessKey":"a","secretKey":"b","bucket":"c"},"fallback":""}}`:                   archive.Invalid,
		`{"storage":{"type":"s3","config":{"accessKey":"a","secretKey":"b","bucket":"c","sse":"kms"}}}`:                     archive.Invalid,
		`{"storage":{"type":"s3","config":{"accessKey":"a","secretKey":"b","bucket":"c","endpoint":"http://h/ x"}}}`:        archive.Invalid,
		`{"signatureSecret":"","storage":{"type":"s3","config":{"accessKey":"a","secretKey":"b","bucket":"c","region":5}}}`: archive.Invalid,
		`{"signatureSecret":"` + strings.Repeat("s", 51) + `"}`:                                                             archive.Invalid,
	} {
		if err := a.CreateApplication(httptest.NewRecorder(), request("", body)); kind(err) != want {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
	if len(f.apps) != 1 {
		t.Errorf("%d applications", len(f.apps))
	}
}

func TestClock(t *testing.T) {
	ms := start.UnixMilli()
	for _, tc := range []struct {
		name, body string
		target     time.Time
		want       archive.Kind
	}{
		{"advance", `{"advance":3600000}`, start.Add(time.Hour), ""},
		{"advance by nothing", `{"advance":0}`, start, ""},
		{"to", fmt.Sprintf(`{"to":%d}`, ms+1000), time.UnixMilli(ms + 1000), ""},
		{"to now as it was read", fmt.Sprintf(`{"to":%d}`, ms), start, ""},
		{"to next", `{"toNext":true}`, start.Add(time.Minute), ""},
		{"back", `{"advance":-1}`, time.Time{}, archive.Invalid},
		{"to the past", fmt.Sprintf(`{"to":%d}`, ms-1), time.Time{}, archive.Invalid},
		{"too far", `{"advance":31622400001}`, time.Time{}, archive.Invalid},
		{"to too far", `{"to":9223372036854775807}`, time.Time{}, archive.Invalid},
		{"to before the epoch", `{"to":-1}`, time.Time{}, archive.Invalid},
		{"nothing", `{}`, time.Time{}, archive.Invalid},
		{"two", `{"advance":1,"toNext":true}`, time.Time{}, archive.Invalid},
		{"not next", `{"toNext":false}`, time.Time{}, archive.Invalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, a := newAPI()
			f.due = []sessions.Due{{Kind: "idle", At: start.Add(time.Minute), SessionID: "s", ArchiveID: "a"}, {Kind: "webhook", At: start.Add(time.Hour)}}
			w := httptest.NewRecorder()
			err := a.AdvanceClock(w, request("app", tc.body))
			if tc.want != "" {
				if kind(err) != tc.want || len(f.targets) > 0 {
					t.Errorf("%v, clock moved to %v; want %s", err, f.targets, tc.want)
				}
				return
			}
			if err != nil || len(f.targets) != 1 || !f.targets[0].Equal(tc.target) {
				t.Fatalf("%v, clock moved to %v, want %v", err, f.targets, tc.target)
			}
			offset := tc.target.Sub(start).Milliseconds()
			want := fmt.Sprintf(`{"fired":[{"archiveId":"a","at":%d,"kind":"idle","sessionId":"s"},{"at":%d,"kind":"webhook"}],"now":%d,"offset":%d,"skipped":[{"archiveId":"a","skipped":1000}]}`,
				ms+60_000, ms+3_600_000, tc.target.UnixMilli(), offset)
			if got := strings.TrimSpace(w.Body.String()); got != want {
				t.Errorf("answer %s, want %s", got, want)
			}
		})
	}
}

func TestNothingIsNext(t *testing.T) {
	f, a := newAPI()
	if err := a.AdvanceClock(httptest.NewRecorder(), request("app", `{"toNext":true}`)); kind(err) != archive.Conflict || len(f.targets) > 0 {
		t.Errorf("%v", err)
	}
}

func TestUnknownApplication(t *testing.T) {
	f, a := newAPI()
	for name, call := range map[string]func(http.ResponseWriter, *http.Request) error{
		"delete": a.DeleteApplication, "read": a.ReadClock, "advance": a.AdvanceClock, "deadlines": a.Deadlines,
		"reset": a.Reset, "faults": a.Faults, "arm": a.ArmFault, "clear": a.ClearFaults, "deliveries": a.Deliveries, "replay": a.ReplayDelivery,
	} {
		if err := call(httptest.NewRecorder(), request("nobody", `{"advance":1}`)); kind(err) != archive.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(f.deleted)+len(f.targets)+len(f.reset) > 0 {
		t.Error("something changed")
	}
}

func TestReadAndDelete(t *testing.T) {
	f, a := newAPI()
	f.offset = time.Hour
	w := httptest.NewRecorder()
	if err := a.ReadClock(w, request("app", "")); err != nil || !strings.Contains(w.Body.String(), `"offset":3600000`) {
		t.Errorf("%v %s", err, w.Body)
	}
	w = httptest.NewRecorder()
	if err := a.Deadlines(w, request("app", "")); err != nil || strings.TrimSpace(w.Body.String()) != `{"items":[]}` {
		t.Errorf("%v %s", err, w.Body)
	}
	w = httptest.NewRecorder()
	if err := a.DeleteApplication(w, request("app", "")); err != nil || w.Code != http.StatusNoContent || len(f.deleted) != 1 {
		t.Errorf("%v %d %v", err, w.Code, f.deleted)
	}
}

func TestRotateSession(t *testing.T) {
	sessionID := account.ID{Owner: "29f760f8-7ce1-46c9-ade3-f2dedee4ed5f", CreatedAt: start}.New()
	for _, tc := range []struct {
		app, session, body string
		want               archive.Kind
		rotated            string
	}{
		{"app", sessionID, "", "<nil>", sessionID + " in 0s"},
		{"app", sessionID, "{}", "<nil>", sessionID + " in 0s"},
		{"app", sessionID, `{"in":14400000}`, "<nil>", sessionID + " in 4h0m0s"},
		{"app", sessionID, `{"in":-1}`, archive.Invalid, ""},
		{"app", sessionID, `{"in":604800001}`, archive.Invalid, ""},
		{"app", "S", "", archive.Invalid, ""},
		{"other", sessionID, "", archive.NotFound, ""},
	} {
		f, a := newAPI()
		r := request(tc.app, tc.body)
		r.SetPathValue("sessionId", tc.session)
		answer := httptest.NewRecorder()
		err := a.RotateSession(answer, r)
		if got := strings.Join(f.rotated, ", "); kind(err) != tc.want || got != tc.rotated || err == nil && answer.Code != http.StatusAccepted {
			t.Errorf("%q: %d, %v, rotated %q", tc.body, answer.Code, err, got)
		}
	}
}

func TestPrivateAddresses(t *testing.T) {
	f, _ := newAPI()
	a := controlapi.New(controlapi.Config{Token: token, Applications: f, Sessions: f, Webhooks: f, Board: &fault.Board{}, Now: func() time.Time { return start }})
	for _, body := range []string{
		`{"archiveCallbackUrl":"http://127.0.0.1:8080/hook"}`,
		`{"sessionCallbackUrl":"http://localhost/hook"}`,
		`{"archiveCallbackUrl":"http://[::1]/hook"}`,
		`{"storage":{"type":"s3","config":{"accessKey":"a","secretKey":"b","bucket":"c","endpoint":"http://169.254.169.254"}}}`,
		`{"storage":{"type":"azure","config":{"accountName":"a","accountKey":"Yg==","container":"c","domain":"10.0.0.1:10000"}}}`,
	} {
		err := a.CreateApplication(httptest.NewRecorder(), request("", body))
		if kind(err) != archive.Invalid || !strings.Contains(err.Error(), "--allow-private-addresses") {
			t.Errorf("%s: %v", body, err)
		}
	}
	if err := a.CreateApplication(httptest.NewRecorder(), request("", `{"archiveCallbackUrl":"https://hooks.example.com/a"}`)); err != nil {
		t.Error(err)
	}
}
