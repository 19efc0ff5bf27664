package sink

import (
	"bytes"
	"cmp"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// TestStores checks that every kind of store behaves the same.
func TestStores(t *testing.T) {
	for driver, c := range map[string]config.S3Sink{
		"in-process": {Driver: "in-process", Listen: "127.0.0.1:0"},
		"process":    {Driver: "process", Listen: "127.0.0.1:0", Binary: os.Getenv("REELCHECK_MINIO")},
	} {
		t.Run(driver, func(t *testing.T) {
			if driver == "process" {
				if _, err := exec.LookPath(c.Binary); err != nil {
					t.Skip("no MinIO: set REELCHECK_MINIO to its executable")
				}
			}
			contract(t, c)
		})
	}
}

// free returns an address that nobody else takes meanwhile: others listen on 127.0.0.1.
func free(t *testing.T) string {
	t.Helper()
	addr, err := freeAddr("127.0.0.7:0")
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// TestStoreAtAFixedAddress checks a store whose address, bucket and keys a person types into the console of a vendor.
func TestStoreAtAFixedAddress(t *testing.T) {
	for name, public := range map[string]string{"local": "", "public": "https://tunnel.example.com"} {
		t.Run(name, func(t *testing.T) {
			j := journal(t)
			c := config.S3Sink{Driver: "in-process", Listen: free(t), TargetEndpoint: public, Bucket: "archives", AccessKey: "typed", SecretKey: "typed by hand"}
			s, err := OpenStore(t.Context(), c, t.TempDir(), j)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}()
			if want := cmp.Or(public, "http://"+c.Listen); s.TargetEndpoint != want {
				t.Errorf("the target's endpoint is %s, want %s", s.TargetEndpoint, want)
			}
			b := bucket{s, "archives", j}
			if err := b.put(t, target.S3Config{Endpoint: "http://" + c.Listen, Region: "eu-west-1", AccessKey: "typed", SecretKey: "typed by hand"}); err != nil {
				t.Fatal(err)
			}
			b.fetches(t)
			if u := j.View().Uploads().Records; len(u) != 1 || u[0].Upload.Answer != 200 {
				t.Errorf("uploads %+v", u)
			}
		})
	}
}

func TestListenerThatIsTaken(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	taken := ln.Addr().String()
	if _, err := OpenStore(t.Context(), config.S3Sink{Driver: "in-process", Listen: taken}, t.TempDir(), journal(t)); err == nil || !strings.Contains(err.Error(), "sinks.s3.listen") {
		t.Errorf("store: %v", err)
	}
	if _, err := OpenWebhooks(t.Context(), config.WebhookSink{Listen: taken}, journal(t)); err == nil || !strings.Contains(err.Error(), "sinks.webhook.listen") {
		t.Errorf("webhooks: %v", err)
	}
}

func TestWebhooksAtAFixedAddress(t *testing.T) {
	j := journal(t)
	c := config.WebhookSink{Listen: free(t), URL: "https://tunnel.example.com/suite/"}
	w, err := OpenWebhooks(t.Context(), c, j)
	if err != nil {
		t.Fatal(err)
	}
	if w.URL != "https://tunnel.example.com/suite" {
		t.Errorf("URL %q", w.URL)
	}
	w.Own("s1", "cloud")
	if err := w.RefuseAbout(t.Context(), "s1", 500, 1); err != nil {
		t.Fatal(err)
	}
	for session, want := range map[string]int{"s1": 500, "s2": 200} {
		if got := post(t, "http://"+c.Listen+"/suite", `{"id":"a1","sessionId":"`+session+`"}`); got != want {
			t.Errorf("a callback about %s is answered %d, want %d", session, got, want)
		}
	}
	if err := w.RefuseAbout(t.Context(), "s1", 500, 1); err != nil {
		t.Fatal(err)
	}
	if got := post(t, "http://"+c.Listen+"/suite", `{"event":"connectionCreated","sessionId":"s1"}`); got != 200 {
		t.Errorf("an event of the session is answered %d", got)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := j.View().Scenario("cloud").Webhooks().Records; len(got) != 2 {
		t.Errorf("%d deliveries", len(got))
	}
}

func contract(t *testing.T, c config.S3Sink) {
	j := journal(t)
	s, err := OpenStore(t.Context(), c, t.TempDir(), j)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	name, err := s.Bucket(t.Context(), "composed-pair", "rc-test-composed-pair")
	if err != nil {
		t.Fatal(err)
	}
	b := bucket{s, name, j}
	b.takes(t)
	b.fetches(t)
}

// bucket is a bucket in a store under test. filmKey is the key to which a film of 8 bytes is uploaded.
type bucket struct {
	*Store
	name    string
	journal *evidence.Journal
}

const film, filmKey = "the film", "app/a1/archive.mp4"

// put uploads the film like a target.
func (b bucket) put(t *testing.T, config target.S3Config) error {
	up := s3.New(s3.Options{BaseEndpoint: aws.String(config.Endpoint), Region: config.Region, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(config.AccessKey, config.SecretKey, "")})
	_, err := up.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(b.name), Key: aws.String(filmKey),
		Body: bytes.NewReader([]byte(film)), ContentType: aws.String("video/mp4"), ServerSideEncryption: types.ServerSideEncryptionAes256})
	return err
}

func (b bucket) isEmpty(t *testing.T, when string) {
	t.Helper()
	if list, err := b.List(t.Context(), b.name, ""); err != nil || len(list) != 0 {
		t.Errorf("%s: %+v, %v", when, list, err)
	}
}

// takes uploads the film to the bucket, after attempts with a wrong secret and while uploads are refused.
func (b bucket) takes(t *testing.T) {
	config, ok := b.Storage(b.name).Config.(target.S3Config)
	if !ok {
		t.Fatalf("storage %+v", b.Storage(b.name))
	}
	stranger := config
	stranger.SecretKey = "not the secret"
	if err := b.put(t, stranger); err == nil {
		t.Error("an upload with a wrong secret was accepted")
	}
	if err := b.Refuse(b.name, 503); err != nil {
		t.Fatal(err)
	}
	if err := b.put(t, config); err == nil {
		t.Error("an upload was accepted that was to be refused")
	}
	b.isEmpty(t, "while refused")
	if err := b.Refuse(b.name, 0); err != nil {
		t.Fatal(err)
	}
	if err := b.put(t, config); err != nil {
		t.Fatal(err)
	}
	answers := map[int]bool{}
	for _, r := range b.journal.View().Scenario("composed-pair").Uploads().Records {
		if answers[r.Upload.Answer] = true; r.Upload.Method != "PUT" || r.Upload.Path != "/"+b.name+"/"+filmKey || r.Upload.Encryption != "AES256" {
			t.Errorf("upload %+v", *r.Upload)
		}
	}
	if !answers[403] || !answers[503] || !answers[200] {
		t.Errorf("answers %v", answers)
	}
}

// fetches finds the film and downloads it into the evidence.
func (b bucket) fetches(t *testing.T) {
	list, err := b.List(t.Context(), b.name, "app/a1/")
	if err != nil || len(list) != 1 || list[0].Key != filmKey || list[0].Size != 8 {
		t.Fatalf("listed %+v, %v", list, err)
	}
	o, err := b.Fetch(t.Context(), b.journal, b.name, filmKey)
	if err != nil || o.Size != 8 || o.ContentType != "video/mp4" {
		t.Fatalf("fetched %+v, %v", o, err)
	}
	blob, err := b.journal.View().Blob(o.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	if got, err := io.ReadAll(blob); err != nil || string(got) != film {
		t.Errorf("blob %q, %v", got, err)
	}
	if _, err := b.Fetch(t.Context(), b.journal, b.name, "app/a1/none"); err == nil {
		t.Error("fetched what is not there")
	}
}
