package sessions_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/mail/mailtest"
)

// TestUploadFails checks that a target that never accepts the file is retried until the limit, and that the account then gets one mail.
func TestUploadFails(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		fallback bool
		status   archive.Status
		earliest time.Duration
		latest   time.Duration
		says     string
	}{
		{"fallback", true, archive.Available, 6 * time.Hour, 6*time.Hour + time.Minute, "can be downloaded until"},
		{"no fallback", false, archive.Failed, 72 * time.Hour, 72*time.Hour + time.Minute, "was not kept"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var requests atomic.Int32
			refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				requests.Add(1)
				w.WriteHeader(http.StatusForbidden)
			}))
			defer refusing.Close()
			post := mailtest.Receive(t, 1) // busy at first, so that the mail is retried
			s := start(t, t.TempDir())
			s.jobs.Mail.Address, s.jobs.Mail.From = post.Address, "reels@example.com"
			s.app(t, func(a *account.Application) {
				a.Fallback, a.Email = test.fallback, "owner@example.org"
				a.Storage = &account.Storage{Type: account.StorageS3, S3: account.S3{AccessKey: "a", SecretKey: "b", Bucket: "c", Endpoint: refusing.URL}}
			})
			s.join(t, "anna")
			s.publish(t, "camera", "anna")
			a := s.begin(t)
			_, err := s.StopArchive(t.Context(), "app", a.ID)
			must(t, err)
			s.advance(t, test.earliest-time.Minute)
			if a, err = s.Archive(t.Context(), "app", a.ID); err != nil || a.Status != archive.Stopped || len(post.Mails()) > 0 {
				t.Fatalf("too early: %s, %d mails, %v", a.Status, len(post.Mails()), err)
			}
			if n := requests.Load(); n < 10 {
				t.Errorf("only %d attempts", n)
			}
			s.advance(t, 2*time.Minute)
			if a, err = s.Archive(t.Context(), "app", a.ID); err != nil || a.Status != test.status {
				t.Fatalf("after its time: %s, %v", a.Status, err)
			}
			s.advance(t, time.Hour)
			mails := post.Mails()
			if len(mails) != 1 || mails[0].To != "owner@example.org" {
				t.Fatalf("mails %+v", mails)
			}
			text := strings.ReplaceAll(mails[0].Data, "=\n", "")
			for _, want := range []string{a.ID, test.says, `bucket "c"`} {
				if !strings.Contains(text, want) {
					t.Errorf("the mail does not say %q:\n%s", want, text)
				}
			}
		})
	}
}

// TestUploadStalls checks that a target that takes a request and never answers costs one attempt, not the upload.
func TestUploadStalls(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	moody := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if requests.Add(1) <= 2 {
			<-r.Context().Done()
		}
		w.Header().Set("ETag", `"taken"`)
	}))
	defer moody.Close()
	s := start(t, t.TempDir())
	s.jobs.Patience = 200 * time.Millisecond
	s.app(t, func(a *account.Application) {
		a.Storage = &account.Storage{Type: account.StorageS3, S3: account.S3{AccessKey: "a", SecretKey: "b", Bucket: "c", Endpoint: moody.URL}}
	})
	s.join(t, "anna")
	s.publish(t, "camera", "anna")
	a := s.begin(t)
	_, err := s.StopArchive(t.Context(), "app", a.ID)
	must(t, err)
	s.advance(t, time.Second)
	if n := requests.Load(); n != 1 {
		t.Fatalf("%d requests in the first attempt, want one that is given up", n)
	}
	fired := s.advance(t, time.Minute)
	if a = s.await(t, a.ID, archive.Uploaded); requests.Load() != 3 {
		t.Errorf("%d requests, fired %v", requests.Load(), fired)
	}
}
