package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/store/sqlite"
)

const everySetting = `
allow-private-addresses: true
archive-callback-url: http://127.0.0.1:9/archives
session-callback-url: https://hooks.example.com/sessions
signature-secret: hush
email: owner@example.com
preferred-video-codec: H264
storage-fallback: none
storage-type: s3
storage-access-key: access
storage-secret-key: secret
storage-bucket: reels
storage-endpoint: http://127.0.0.1:9000
storage-region: eu-west-1
storage-addressing: virtualHost
storage-sse: s3
`

func parseText(t *testing.T, yaml string) (*config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "archived.yaml")
	write(t, file, yaml)
	return parse(t, nil, file, nil)
}

func TestApplicationSettings(t *testing.T) {
	t.Parallel()
	c, err := parseText(t, everySetting)
	if err != nil {
		t.Fatal(err)
	}
	got := account.Application{ID: "x", Fallback: true}
	c.Application.apply(&got)
	want := account.Application{ID: "x", ArchiveCallbackURL: "http://127.0.0.1:9/archives", SessionCallbackURL: "https://hooks.example.com/sessions",
		SignatureSecret: "hush", Email: "owner@example.com", PreferredVideoCodec: "H264", Storage: got.Storage}
	if got != want {
		t.Errorf("application %+v, want %+v", got, want)
	}
	bucket := account.S3{AccessKey: "access", SecretKey: "secret", Bucket: "reels", Endpoint: "http://127.0.0.1:9000", Region: "eu-west-1",
		Addressing: account.VirtualHost, SSE: true}
	if got.Storage == nil || got.Storage.Type != account.StorageS3 || got.Storage.S3 != bucket {
		t.Errorf("storage %+v, want %+v", got.Storage, bucket)
	}
	c, err = parseText(t, "storage-type: azure\nstorage-account-name: acc\nstorage-account-key: a2V5\nstorage-container: films\nstorage-domain: blob.example.com\n")
	if err != nil {
		t.Fatal(err)
	}
	c.Application.apply(&got)
	container := account.Azure{AccountName: "acc", AccountKey: "a2V5", Container: "films", Domain: "blob.example.com"}
	h := newKeyHolder(t)
	c, err = parseText(t, bucketSettings+"storage-certificate: |\n  "+strings.ReplaceAll(h.certificate, "\n", "\n  ")+"\n")
	if err != nil || c.Application.value.Storage.Certificate != h.certificate {
		t.Errorf("certificate: %v", err)
	}
	if got.Storage == nil || got.Storage.Type != account.StorageAzure || got.Storage.Azure != container || got.Email != want.Email {
		t.Errorf("application %+v, storage %+v", got, got.Storage)
	}
}

// TestApplicationRefusals checks that errors name the setting and do not repeat secrets.
func TestApplicationRefusals(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string]string{
		"archive-callback-url: ftp://x/":                  "archive-callback-url must be an absolute http or https URL",
		"archive-callback-url: http://localhost/hook":     "archive-callback-url: private address",
		"session-callback-url: /relative":                 "session-callback-url must be",
		"signature-secret: " + strings.Repeat("hush", 13): "signature-secret must have at most 50 characters",
		"email: nobody":                                        "email must be a mail address",
		"preferred-video-codec: AV1":                           "preferred-video-codec must be one of VP8, H264, VP9",
		"storage-fallback: maybe":                              "storage-fallback must be one of none, opentok, vonage",
		"storage-type: ftp":                                    "storage-type must be one of s3, azure",
		"storage-bucket: reels":                                "storage-type: s3 or azure is needed",
		"storage-type: none\nstorage-secret-key: hush":         "storage-type: s3 or azure is needed",
		"storage-type: s3\nstorage-bucket: reels":              "storage-access-key is required with storage-type s3",
		"storage-type: azure\nstorage-account-key: hush!":      "storage-account-name is required with storage-type azure",
		"storage-endpoint: s3.example.com\n" + bucketSettings:  "storage-endpoint must be an absolute http or https URL",
		"storage-endpoint: http://10.0.0.1\n" + bucketSettings: "storage-endpoint: private address",
		"storage-addressing: dns\n" + bucketSettings:           "storage-addressing must be one of path, virtualHost",
		"storage-certificate: pem\n" + bucketSettings:          "storage-certificate must be an X.509 certificate",
		"storage-sse: kms\n" + bucketSettings:                  "storage-sse must be one of s3, none",
		"storage-type: azure\nstorage-account-name: a\nstorage-container: c\nstorage-account-key: hush!": "storage-account-key must be base64",
		"storage-domain: http://127.0.0.1\n" + containerSettings:                                         "storage-domain: private address",
	} {
		if _, err := parseText(t, yaml); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v, want %q", yaml, err, want)
		}
	}
}

const (
	bucketSettings    = "storage-type: s3\nstorage-access-key: a\nstorage-secret-key: hush\nstorage-bucket: c\n"
	containerSettings = "storage-type: azure\nstorage-account-name: a\nstorage-container: c\nstorage-account-key: aHVzaA==\n"
)

// TestDefaultApplication checks that a setting is applied at the start at which it is given, and stays until another value is given.
func TestDefaultApplication(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(data, "archived.db"))
	must(t, err)
	defer func() { must(t, db.Close()) }()
	var said bytes.Buffer
	run := func(yaml string) account.Application {
		t.Helper()
		c, err := parseText(t, yaml)
		must(t, err)
		f, err := found(data, slog.New(slog.NewTextHandler(&said, nil)))
		must(t, err)
		app, err := f.application(t.Context(), db, c.Application)
		must(t, err)
		must(t, f.wait())
		kept, err := db.Application(t.Context(), app.ID)
		must(t, err)
		if kept.ArchiveCallbackURL != app.ArchiveCallbackURL || (kept.Storage == nil) != (app.Storage == nil) {
			t.Errorf("kept %+v, used %+v", kept, app)
		}
		return app
	}
	first := run("archive-callback-url: https://hooks.example.com/1\n" + bucketSettings)
	if first.ArchiveCallbackURL != "https://hooks.example.com/1" || first.Storage == nil || !first.Fallback || first.PreferredVideoCodec != "VP8" {
		t.Errorf("first start: %+v", first)
	}
	if second := run(""); second.ID != first.ID || second.ArchiveCallbackURL != first.ArchiveCallbackURL || second.Storage == nil {
		t.Errorf("second start, nothing given: %+v", second)
	}
	third := run("archive-callback-url: \"\"\nstorage-type: none\nemail: owner@example.com\n")
	if third.ID != first.ID || third.ArchiveCallbackURL != "" || third.Storage != nil || third.Email != "owner@example.com" {
		t.Errorf("third start, taken away: %+v", third)
	}
	if said.Len() > 0 {
		t.Errorf("said %s", said.String())
	}
	must(t, os.Remove(filepath.Join(data, "default.id")))
	key, err := os.ReadFile(filepath.Join(data, "default.key"))
	must(t, err)
	if fourth := run(""); fourth.ID == first.ID || !strings.Contains(said.String(), "default.key.1") {
		t.Errorf("fourth start, without default.id: %+v; said %s", fourth, said.String())
	}
	if kept, err := os.ReadFile(filepath.Join(data, "default.key.1")); err != nil || !bytes.Equal(kept, key) {
		t.Errorf("the old key: %q, %v", kept, err)
	}
}

// TestSecretsStayInside checks that secrets in settings are never logged or shown, even while everything that uses them fails.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	refused := make(chan struct{}, 100)
	closed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		select {
		case refused <- struct{}{}:
		default:
		}
	}))
	defer closed.Close()
	file := filepath.Join(t.TempDir(), "archived.yaml")
	write(t, file, "signature-secret: hush-signature\nstorage-type: s3\nstorage-access-key: access\nstorage-secret-key: hush-storage\nstorage-bucket: reels\n"+
		"smtp-password: hush-mail\ncontrol-token: hush-control-token\n"+
		"storage-endpoint: "+closed.URL+"\narchive-callback-url: "+closed.URL+"\nsession-callback-url: "+closed.URL+"\n")
	p, c, session, publisher := onAir(t, nil, "--config", file)
	a := c.startArchive(session)
	publisher.AwaitSent(publisher.Sent() + seconds(0.5))
	c.stopArchive(a.ID)
	publisher.Stop()
	for range 5 { // callbacks and an upload
		select {
		case <-refused:
		case <-time.After(fileWithin):
			t.Fatal("nothing was tried")
		}
	}
	p.terminate()
	log, err := os.ReadFile(p.logs)
	must(t, err)
	key, err := os.ReadFile(p.ready.PrivateKeyFile)
	must(t, err)
	for _, secret := range []string{"hush", p.ready.APISecret, p.ready.ControlToken, strings.Split(string(key), "\n")[1]} {
		if strings.Contains(string(log), secret) {
			t.Errorf("the log has %.8q...", secret)
		}
	}
	help := exec.Command(bin, "serve", "--help")
	help.Env = append(environment(), "ARCHIVED_SIGNATURE_SECRET=hush", "ARCHIVED_STORAGE_SECRET_KEY=hush", "ARCHIVED_SMTP_PASSWORD=hush")
	if out, err := help.CombinedOutput(); err != nil || strings.Contains(string(out), "hush") {
		t.Errorf("help: %v, with a secret: %v", err, strings.Contains(string(out), "hush"))
	}
}
