package sink

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"os"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target/config"
)

func journal(t *testing.T) *evidence.Journal {
	t.Helper()
	j, err := evidence.Create(t.TempDir(), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func post(t *testing.T, url, body string) int {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func TestWebhooksBecomeEvidenceOfTheirScenario(t *testing.T) {
	j := journal(t)
	w, err := OpenWebhooks(context.Background(), config.WebhookSink{Listen: "127.0.0.1:0"}, j)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Refuse(context.Background(), "composed-pair", "default", 500, 2); err != nil {
		t.Fatal(err)
	}
	w.Own("s9", "cloud")
	endpoint := w.Endpoint("composed-pair", "default")
	for i, want := range []int{500, 500, 200, 200} {
		if got := post(t, endpoint, `{"event":"archive","id":"a1","sessionId":"s1","status":"started"}`); got != want {
			t.Errorf("delivery %d answered %d, want %d", i, got, want)
		}
	}
	for _, path := range []string{"", "/", "/hook/prepared/default", "/callbacks/archive", "/hook", "/hook/archives"} {
		post(t, w.URL+path, `{"id":"a9","sessionId":"s9"}`)
	}
	post(t, w.URL+"/elsewhere", `{"id":"a8","sessionId":"of-nobody"}`)
	post(t, w.Endpoint("listing", "default"), `not JSON`)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	v := j.View()
	if got := v.Scenario("composed-pair").Label("webhook.default").About(evidence.Archive, "a1").Webhooks(); len(got.Records) != 4 || got.Records[0].Webhook.Answer != 500 ||
		got.Records[3].Webhook.Answer != 200 || got.Records[0].IDs[evidence.Session] != "s1" {
		t.Errorf("records %+v", got.Records)
	}
	if got := v.Scenario("cloud").Label("webhook").Webhooks(); len(got.Records) != 6 {
		t.Errorf("%d deliveries to a prepared application found their scenario, want 6", len(got.Records))
	}
	if got := v.Scenario("").Webhooks(); len(got.Records) != 1 || got.Records[0].IDs[evidence.Archive] != "a8" {
		t.Errorf("deliveries about sessions of others: %+v", got.Records)
	}
	if r, ok := v.Scenario("listing").Webhooks().First(); !ok || r.Webhook.Body.Text != "not JSON" {
		t.Errorf("a delivery that is not JSON: %+v, %v", r.Webhook, ok)
	}
}

func TestNoAnswer(t *testing.T) {
	j := journal(t)
	w, err := OpenWebhooks(context.Background(), config.WebhookSink{Listen: "127.0.0.1:0"}, j)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Refuse(context.Background(), "given-up", "default", NoAnswer, 1); err != nil {
		t.Fatal(err)
	}
	endpoint := w.Endpoint("given-up", "default")
	hasty := http.Client{Timeout: 50 * time.Millisecond}
	if resp, err := hasty.Post(endpoint, "application/json", strings.NewReader(`{"id":"a1"}`)); err == nil {
		_ = resp.Body.Close()
		t.Errorf("the first delivery was answered %d", resp.StatusCode)
	}
	if got := post(t, endpoint, `{"id":"a1"}`); got != 200 {
		t.Errorf("the second delivery was answered %d", got)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got := j.View().Scenario("given-up").Webhooks().Records
	if len(got) != 2 || got[0].Webhook.Answer != NoAnswer || got[1].Webhook.Answer != 200 {
		t.Errorf("records %+v", got)
	}
}

// TestRemoteReceiver uses the same receiver over HTTP, as if it ran in a container.
func TestRemoteReceiver(t *testing.T) {
	r := &Receiver{}
	srv := httptest.NewServer(r)
	defer srv.Close()
	j := journal(t)
	ctx, cancel := context.WithCancel(context.Background())
	w := &Webhooks{journal: j, URL: srv.URL, remote: srv.URL, stop: func() error { cancel(); return nil }}
	w.wg.Go(func() { w.follow(ctx) })
	if err := w.Refuse(ctx, "pause-resume", "default", 503, 1); err != nil {
		t.Fatal(err)
	}
	if err := w.RefuseAbout(ctx, "s 3", 500, 1); err != nil {
		t.Fatal(err)
	}
	post(t, w.Endpoint("pause-resume", "default"), `{"id":"a1"}`)
	post(t, w.Endpoint("pause-resume", "default"), `{"id":"a2"}`)
	post(t, w.Endpoint("pause-resume", "default"), `{"id":"a3","sessionId":"s 3"}`)
	deadline := time.Now().Add(5 * time.Second)
	for len(j.View().Records) < 3 && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, r := range j.View().Scenario("pause-resume").Webhooks().Records {
		got = append(got, r.Webhook.Answer)
	}
	if len(got) != 3 || got[0] != 503 || got[1] != 200 || got[2] != 500 {
		t.Errorf("answers %v, want 503, 200 and 500", got)
	}
}

func TestReceiverRefusesNonsense(t *testing.T) {
	srv := httptest.NewServer(&Receiver{})
	defer srv.Close()
	for path, want := range map[string]int{"/": 404, "/deliveries": 400, "/deliveries?after=0&wait=9h": 400, "/deliveries?after=0&wait=1ms": 200} {
		resp, err := http.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s answered %d, want %d", path, resp.StatusCode, want)
		}
	}
}

func TestMail(t *testing.T) {
	j := journal(t)
	m, err := ListenMail("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.Serve(j)
	to := m.Box("upload-given-up", "default")
	if err := smtp.SendMail(m.Address, nil, "server@example.com", []string{to}, []byte("Subject: an upload\r\n\r\nfailed\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	got := j.View().Scenario("upload-given-up").Label("mail.default").Mails().Records
	if len(got) != 1 || got[0].Mail.From != "server@example.com" || len(got[0].Mail.To) != 1 || got[0].Mail.To[0] != to || !strings.Contains(got[0].Mail.Body.Text, "failed") {
		t.Errorf("mail %+v", got)
	}
}

// TestAzure needs the command of Azurite, such as "node azurite-blob.js".
func TestAzure(t *testing.T) {
	command := strings.Fields(os.Getenv("REELCHECK_AZURITE_COMMAND"))
	if len(command) == 0 {
		t.Skip("no Azurite: set REELCHECK_AZURITE_COMMAND to its command")
	}
	ctx := context.Background()
	j := journal(t)
	a, err := OpenAzure(ctx, config.AzureSink{Driver: "process", Listen: "127.0.0.1:0", Command: command}, t.TempDir(), j)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	name, err := a.Bucket(ctx, "azure", "rc-test-azure")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.client.UploadBuffer(ctx, name, "app/a1/archive.mp4", []byte("the film"), nil); err != nil {
		t.Fatal(err)
	}
	list, err := a.List(ctx, name, "")
	if err != nil || len(list) != 1 || list[0].Key != "app/a1/archive.mp4" || list[0].Size != 8 {
		t.Fatalf("listed %+v, %v", list, err)
	}
	o, err := a.Fetch(ctx, j, name, list[0].Key)
	if err != nil || o.Size != 8 || o.Store != "azure" {
		t.Fatalf("fetched %+v, %v", o, err)
	}
}
