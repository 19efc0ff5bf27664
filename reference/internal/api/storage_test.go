package api_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"strings"
	"testing"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api"
	"reelcheck/reference/internal/api/target"
)

func TestArchiveStorage(t *testing.T) {
	var kept testApplications
	w := newWorld(t, func(c *api.Config) { kept = c.Applications.(testApplications) })
	path := "/v2/project/" + app.Application.Key() + "/archive/storage"
	do := func(method, body string) (int, string) {
		answer := w.do(method, path, body, "X-OPENTOK-AUTH", app.Project(t, start, nil), "Content-Type", "application/json")
		return answer.Code, strings.TrimSpace(answer.Body.String())
	}
	now := func() account.Application {
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
	want := account.S3{AccessKey: "a", SecretKey: "b", Bucket: "c", Endpoint: "http://10.0.0.1:9000", SSE: true}
	if got := now(); got.Storage == nil || got.Storage.S3 != want || got.Fallback {
		t.Errorf("kept %+v", got)
	}
	if code, body := do(http.MethodPut, `{"type":"azure","config":{"accountName":"n","accountKey":"a2V5","container":"c"}}`); code != http.StatusOK {
		t.Errorf("%d %s", code, body)
	}
	if got := now(); got.Storage.Azure != (account.Azure{AccountName: "n", AccountKey: "a2V5", Container: "c"}) || !got.Fallback {
		t.Errorf("kept %+v", got)
	}
	if code, body := do(http.MethodPut, `{"type":"s3","config":{}}`); code != http.StatusBadRequest || now().Storage.Type != account.StorageAzure {
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

// pemOf returns the certificate of a new RSA key.
func pemOf(t *testing.T, bits int) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	self := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, self, self, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestCertificate(t *testing.T) {
	var kept testApplications
	w := newWorld(t, func(c *api.Config) { kept = c.Applications.(testApplications) })
	do := func(certificate any) (int, string) {
		body, err := json.Marshal(map[string]any{"type": "azure", "certificate": certificate,
			"config": map[string]string{"accountName": "n", "accountKey": "a2V5", "container": "c"}})
		if err != nil {
			t.Fatal(err)
		}
		answer := w.do(http.MethodPut, "/v2/project/"+app.Application.Key()+"/archive/storage", string(body),
			"X-OPENTOK-AUTH", app.Project(t, start, nil), "Content-Type", "application/json")
		return answer.Code, answer.Body.String()
	}
	now := func() string {
		a, err := kept.Application(t.Context(), app.ID)
		if err != nil || a.Storage == nil {
			t.Fatal(a.Storage, err)
		}
		return a.Storage.Certificate
	}
	good := pemOf(t, 2048)
	for _, text := range []string{good, base64.StdEncoding.EncodeToString([]byte(good))} {
		if code, body := do(text); code != http.StatusOK || now() != text {
			t.Errorf("%d %s, kept %q", code, body, now())
		}
	}
	for name, bad := range map[string]string{"words": "pem", "empty": "", "large": pemOf(t, 3072), "long": strings.Repeat("a", 17<<10)} {
		code, body := do(bad)
		if code != http.StatusBadRequest || !strings.Contains(body, "certificate must ") || now() == bad {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
	if _, body := do("pem"); !strings.Contains(body, "X.509") || !strings.Contains(body, "1024 to 2048 bits") {
		t.Errorf("the message does not say what is allowed: %s", body)
	}
	individual := w.do(http.MethodPost, "/v2/project/"+app.Application.Key()+"/archive", `{"sessionId":"x","outputMode":"individual"}`,
		"X-OPENTOK-AUTH", app.Project(t, start, nil), "Content-Type", "application/json")
	if individual.Code != http.StatusBadRequest || !strings.Contains(individual.Body.String(), "cannot be encrypted") {
		t.Errorf("individual: %d %s", individual.Code, individual.Body)
	}
	if code, body := do(nil); code != http.StatusOK || now() != "" {
		t.Errorf("null: %d %s, kept %q", code, body, now())
	}
}
