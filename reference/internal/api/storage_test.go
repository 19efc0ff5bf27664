package api_test

import (
	"net/http"
	"strings"
	"testing"

	"reelcheck/reference/internal/api"
	"reelcheck/reference/internal/api/target"
	"reelcheck/reference/internal/session"
)

func TestArchiveStorage(t *testing.T) {
	var kept testApplications
	w := newWorld(t, func(c *api.Config) { kept = c.Applications.(testApplications) })
	path := "/v2/project/" + app.Application.Key() + "/archive/storage"
	do := func(method, body string) (int, string) {
		answer := w.do(method, path, body, "X-OPENTOK-AUTH", app.Project(t, start, nil), "Content-Type", "application/json")
		return answer.Code, strings.TrimSpace(answer.Body.String())
	}
	now := func() session.Application {
		a, err := kept.Application(t.Context(), app.ID)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	s3 := `{"config":{"accessKey":"a","bucket":"c","endpoint":"http://10.0.0.1:9000","secretKey":"b","sse":"s3"},"fallback":"none","type":"s3"}`
	if code, body := do(http.MethodPut, s3); code != http.StatusOK || body != s3 {
		t.Errorf("%d %s", code, body)
	}
	want := session.S3{AccessKey: "a", SecretKey: "b", Bucket: "c", Endpoint: "http://10.0.0.1:9000", SSE: true}
	if got := now(); got.Storage == nil || got.Storage.S3 != want || got.Fallback {
		t.Errorf("kept %+v", got)
	}
	if code, body := do(http.MethodPut, `{"type":"azure","config":{"accountName":"n","accountKey":"a2V5","container":"c"}}`); code != http.StatusOK {
		t.Errorf("%d %s", code, body)
	}
	if got := now(); got.Storage.Azure != (session.Azure{AccountName: "n", AccountKey: "a2V5", Container: "c"}) || !got.Fallback {
		t.Errorf("kept %+v", got)
	}
	if code, body := do(http.MethodPut, `{"type":"s3","config":{}}`); code != http.StatusBadRequest || now().Storage.Type != session.StorageAzure {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := do(http.MethodDelete, ""); code != http.StatusNoContent || now().Storage != nil {
		t.Errorf("%d, kept %+v", code, now().Storage)
	}
	strict := newWorld(t, func(c *api.Config) { c.Targets = target.Rules{} })
	answer := strict.do(http.MethodPut, path, s3, "X-OPENTOK-AUTH", app.Project(t, start, nil), "Content-Type", "application/json")
	if answer.Code != http.StatusBadRequest || !strings.Contains(answer.Body.String(), "config.endpoint") {
		t.Errorf("private endpoint: %d %s", answer.Code, answer.Body)
	}
}
