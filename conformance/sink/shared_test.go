package sink

import (
	"net"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target/config"
)

// TestPreparedBucket: a store with a fixed address and bucket takes uploads of an application that knows only these, and a request belongs
// to the scenario whose archive its path names.
func TestPreparedBucket(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	j := journal(t)
	s, err := OpenStore(t.Context(), config.S3Sink{Driver: "in-process", Listen: address, Bucket: "reels", AccessKey: "reelcheck", SecretKey: "of the suite"}, t.TempDir(), j)
	if err != nil {
		t.Fatal(err)
	}
	if s.TargetEndpoint != "http://"+address {
		t.Errorf("the target reaches the store at %s, want %s", s.TargetEndpoint, address)
	}
	s.Own("a1", "composed-pair")
	s.Own("a2", "cloud")
	client := s3.New(s3.Options{BaseEndpoint: aws.String("http://" + address), Region: "us-east-1", UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("reelcheck", "of the suite", "")})
	for _, id := range []string{"a1", "a2", "of-nobody"} {
		if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("reels"), Key: aws.String("app/" + id + "/archive.mp4"),
			Body: strings.NewReader("the film")}); err != nil {
			t.Error(err)
		}
	}
	put := func(id string) error {
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("reels"), Key: aws.String("refused/" + id + "/archive.mp4"), Body: strings.NewReader("")})
		return err
	}
	if err := s.Refuse("a3", 403); err != nil {
		t.Fatal(err)
	}
	if put("a3") == nil || put("a4") != nil {
		t.Error("one archive is refused, and its neighbours are not")
	}
	if err := s.Refuse("a3", 0); err != nil || put("a3") != nil {
		t.Errorf("an archive that is taken again: %v", err)
	}
	if objects, err := s.List(t.Context(), "reels", "app/"); err != nil || len(objects) != 3 {
		t.Errorf("%d objects, %v", len(objects), err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got := j.View().Uploads().Where(func(r *evidence.Record) bool { return r.Upload.Refused && r.Upload.Answer == 403 }).Records; len(got) != 1 {
		t.Errorf("%d uploads were refused with 403, want 1: %+v", len(got), got)
	}
	for scenario, id := range map[string]string{"composed-pair": "a1", "cloud": "a2", "": "of-nobody"} {
		got := j.View().Scenario(scenario).Uploads().Where(func(r *evidence.Record) bool { return !strings.Contains(r.Upload.Path, "refused") }).Records
		if len(got) != 1 || got[0].Upload.Path != "/reels/app/"+id+"/archive.mp4" || got[0].Label != "upload" {
			t.Errorf("uploads of scenario %q: %+v", scenario, got)
		}
	}
}
