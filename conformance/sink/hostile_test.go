package sink

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target/config"
)

// TestFloodOfWebhooks checks that a receiver keeps no more than its limits, and that the run learns of it.
func TestFloodOfWebhooks(t *testing.T) {
	serve := func(r *Receiver) int {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest(http.MethodPost, HookPrefix+"a/b", strings.NewReader(strings.Repeat("x", 2*deliveryLimit))))
		return w.Code
	}
	kept := &Receiver{}
	n := 0
	for n < 1000 && serve(kept) == http.StatusOK {
		n++
	}
	if n != maxKept/deliveryLimit || kept.kept > maxKept || !kept.Full() && serve(kept) == http.StatusOK {
		t.Errorf("kept %d deliveries of %d bytes", n, kept.kept)
	}
	calls := 0
	passing := &Receiver{On: func(Delivery) { calls++ }, n: maxDeliveries - 2}
	for range 5 {
		serve(passing)
	}
	if calls != 2 || len(passing.deliveries) != 0 || !passing.Full() {
		t.Errorf("%d calls, %d kept", calls, len(passing.deliveries))
	}
	w, err := OpenWebhooks(t.Context(), config.WebhookSink{Listen: "127.0.0.1:0"}, journal(t))
	if err != nil {
		t.Fatal(err)
	}
	w.local.n = maxDeliveries
	if got := post(t, w.Endpoint("a", "b"), "{}"); got != http.StatusServiceUnavailable {
		t.Errorf("answered %d", got)
	}
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "callbacks") {
		t.Errorf("closed with %v", err)
	}
}

func TestBudget(t *testing.T) {
	var got []error
	b := newBudget(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		got = append(got, err)
	}), 100)
	for _, size := range []int64{60, -1, 1 << 40} { // the second one does not say that it is too long
		r := httptest.NewRequest(http.MethodPut, "/bucket/key", strings.NewReader(strings.Repeat("x", 60)))
		r.ContentLength = size
		b.ServeHTTP(httptest.NewRecorder(), r)
	}
	if len(got) != 2 || got[0] != nil || got[1] == nil {
		t.Errorf("%v", got)
	}
}

func FuzzWebhook(f *testing.F) {
	f.Add("/hook/composed-pair/default", []byte(`{"event":"archive","id":"a","sessionId":"s","applicationId":7}`))
	f.Add("/hook//", []byte("\xff\x00{"))
	f.Add("/hook/prepared/%2e%2e/x", []byte(`{"id":[],"applicationId":null}`))
	f.Add("/deliveries", []byte(nil))
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		j := journal(t)
		w := &Webhooks{journal: j}
		w.local = &Receiver{On: w.keep}
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.URL = &url.URL{Path: path}
		w.local.ServeHTTP(httptest.NewRecorder(), r)
		readBack(t, j, w.Err())
	})
}

// readBack checks that the evidence was written and can be read.
func readBack(t *testing.T, j *evidence.Journal, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
	if _, _, err := evidence.Open(j.Dir()); err != nil {
		t.Errorf("the evidence cannot be read back: %v", err)
	}
}

func FuzzMail(f *testing.F) {
	f.Add("a@b", "composed-pair+default@reelcheck.example", []byte("Subject: x\r\n\r\ntext"))
	f.Add("", "+@", []byte("\xff\x00"))
	f.Add("", "", []byte(nil))
	f.Fuzz(func(t *testing.T, from, to string, text []byte) {
		j, m := journal(t), &Mailbox{}
		l := &letter{take: func(l letter) error { return m.keep(j, l) }}
		_, _ = l.Mail(from, nil), l.Rcpt(to, nil)
		if err := l.Data(bytes.NewReader(text)); err != nil {
			t.Error(err)
		}
		readBack(t, j, m.err)
	})
}

func FuzzS3(f *testing.F) {
	f.Add(http.MethodPut, "/bucket/a/b", "partNumber=1&uploadId=x", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", []byte("5;chunk-signature=0\r\nhello\r\n0;chunk-signature=0\r\n\r\n"))
	f.Add(http.MethodPost, "/bucket/a", "uploads=", "", []byte(nil))
	f.Add(http.MethodPost, "/bucket/a", "uploadId=1", "", []byte("<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>"))
	f.Add(http.MethodGet, "/bucket", "list-type=2&max-keys=-1", "", []byte(nil))
	f.Add(http.MethodPost, "/bucket", "delete=", "", []byte("<Delete><Object><Key>a</Key></Object></Delete>"))
	f.Fuzz(func(t *testing.T, method, path, query, sum string, body []byte) {
		memory := s3mem.New()
		if err := memory.CreateBucket(t.Context(), "bucket"); err != nil {
			t.Fatal(err)
		}
		j := journal(t)
		g := &gate{journal: j, store: gofakes3.New(memory).Server(), owners: map[string]string{"bucket": "composed-pair"}, refused: map[string]refusal{}}
		r := httptest.NewRequest(http.MethodPut, "/", bytes.NewReader(body))
		r.Method, r.URL = method, &url.URL{Path: path, RawQuery: query}
		r.Header.Set("X-Amz-Content-Sha256", sum)
		newBudget(g, 1<<20).ServeHTTP(httptest.NewRecorder(), r)
		readBack(t, j, g.err)
	})
}
