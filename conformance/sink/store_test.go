package sink

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Every make of store must do the same.
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

// bucket is one in a store under test. filmKey is where a film of 8 bytes is uploaded to.
type bucket struct {
	*Store
	name    string
	journal *evidence.Journal
}

const film, filmKey = "the film", "app/a1/archive.mp4"

// put uploads the film as a target would.
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

// takes leaves the film in the bucket, after attempts with a wrong secret and while refused.
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

// fetches finds the film and takes it into the evidence.
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
