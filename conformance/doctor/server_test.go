package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/golang-jwt/jwt/v5"

	"reelcheck/conformance/target/config"
)

const (
	appID, apiKey, apiSecret = "0f5a7f4e-7f0a-4a57-8f6e-3d7c1a2b3c4d", "4567", "the secret of the project"
	archiveID                = "b5f6c1d2-0000-4000-8000-000000000001"
)

var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// keyFile writes a private key and returns its path.
func keyFile(t *testing.T, key *rsa.PrivateKey) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "private.key")
	b := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// server is a correct server without the control API, with the settings that a person typed into its console. Tests spoil it.
type server struct {
	*httptest.Server
	callbacks string // URL; "" sends none
	about     string // archive that the callbacks are about
	bucket    *config.S3Sink
	file      http.HandlerFunc // what the download link answers
	monitors  bool             // it tells what happens in the session too
	status    string           // of the archive after its stop, in place of the right one
	reason    string
	hangs     string        // path at which no answer comes
	skew      time.Duration // of its clock

	mu      sync.Mutex
	stopped bool
	deleted bool
	failed  bool // the upload was refused
	gone    chan struct{}
}

func startServer(t *testing.T, s *server) *server {
	s.gone = make(chan struct{})
	if s.about == "" {
		s.about = archiveID
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /session/create", s.guarded(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`[{"session_id":"1_session"}]`))
	}))
	mux.HandleFunc("GET /v2/project/{project}/archive", s.guarded(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"count":0,"items":[]}`))
	}))
	mux.HandleFunc("POST /v2/project/{project}/archive", s.guarded(func(w http.ResponseWriter, r *http.Request) {
		s.call(r.Context(), "started")
		s.tell(w)
	}))
	mux.HandleFunc("POST /v2/project/{project}/archive/{id}/stop", s.guarded(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.stopped = true
		s.failed = s.bucket != nil && s.upload(r.Context()) != nil
		s.mu.Unlock()
		s.call(r.Context(), "stopped")
		s.tell(w)
	}))
	mux.HandleFunc("GET /v2/project/{project}/archive/{id}", s.guarded(func(w http.ResponseWriter, _ *http.Request) { s.tell(w) }))
	mux.HandleFunc("DELETE /v2/project/{project}/archive/{id}", s.guarded(func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.deleted = true
		w.WriteHeader(http.StatusNoContent)
	}))
	mux.HandleFunc("GET /file", func(w http.ResponseWriter, r *http.Request) {
		if s.file != nil {
			s.file(w, r)
			return
		}
		_, _ = w.Write([]byte("a film"))
	})
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.hangs != "" && strings.HasPrefix(r.URL.Path, s.hangs) {
			<-s.gone
			return
		}
		w.Header().Set("Date", time.Now().Add(s.skew).UTC().Format(http.TimeFormat))
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { close(s.gone); s.Close() })
	return s
}

// guarded lets requests with the credentials of the application through.
func (s *server) guarded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		now := jwt.WithTimeFunc(func() time.Time { return time.Now().Add(s.skew) })
		_, err := jwt.Parse(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), func(*jwt.Token) (any, error) { return appKey().Public(), nil }, now)
		if old := r.Header.Get("X-Opentok-Auth"); old != "" {
			_, err = jwt.Parse(old, func(*jwt.Token) (any, error) { return []byte(apiSecret), nil }, now)
		}
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(map[string]any{"code": 401, "message": "Go away: " + err.Error()})
			return
		}
		next(w, r)
	}
}

func (s *server) tell(w http.ResponseWriter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := map[string]any{"id": archiveID, "sessionId": "1_session", "status": "started", "reason": s.reason}
	switch {
	case !s.stopped:
	case s.status != "":
		a["status"] = s.status
	case s.failed:
		a["status"], a["reason"] = "failed", "could not upload"
	case s.bucket != nil:
		a["status"] = "uploaded"
	default:
		a["status"], a["url"] = "available", s.URL+"/file"
	}
	_ = json.NewEncoder(w).Encode(a)
}

func (s *server) call(ctx context.Context, status string) {
	if s.callbacks == "" {
		return
	}
	s.post(ctx, fmt.Sprintf(`{"event":"archive","id":%q,"sessionId":"1_session","status":%q}`, s.about, status))
	if s.monitors {
		s.post(ctx, `{"event":"streamCreated","sessionId":"1_session"}`)
	}
}

func (s *server) post(ctx context.Context, body string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.callbacks, strings.NewReader(body))
	if err != nil {
		return
	}
	if resp, err := http.DefaultClient.Do(req); err == nil {
		_ = resp.Body.Close()
	}
}

func (s *server) upload(ctx context.Context) error {
	c := s3.New(s3.Options{BaseEndpoint: aws.String("http://" + s.bucket.Listen), Region: "us-east-1", UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(s.bucket.AccessKey, s.bucket.SecretKey, "")})
	_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(s.bucket.Bucket), Key: aws.String(appID + "/" + archiveID + "/archive.mp4"), Body: bytes.NewReader([]byte("a film"))})
	return err
}
