package sink

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Store is an S3-compatible object store that archives are uploaded to.
type Store struct {
	// TargetEndpoint is the endpoint of the store as the target reaches it.
	TargetEndpoint string
	Region         string
	AccessKey      string
	SecretKey      string

	bucket string // driver own: the only bucket
	client *s3.Client
	gate   *gate // the target's way to the store; nil with driver own, and with a container that the target reaches directly
	stop   func() error
}

// OpenStore starts or finds the store that c describes. The files of a started store are in dir.
func OpenStore(ctx context.Context, c config.S3Sink, dir string, j *evidence.Journal) (*Store, error) {
	s := &Store{Region: c.Region, AccessKey: c.AccessKey, SecretKey: c.SecretKey, bucket: c.Bucket, stop: func() error { return nil }}
	if s.Region == "" {
		s.Region = "us-east-1"
	}
	if s.AccessKey == "" {
		s.AccessKey = "reelcheck"
	}
	if s.SecretKey == "" {
		s.SecretKey = random(20)
	}
	j.Redact("storage secret", s.SecretKey)
	var endpoint string
	var err error
	switch c.Driver {
	case "own":
		endpoint = c.Endpoint
	case "process":
		endpoint, err = s.runProcess(ctx, c, dir)
	case "container":
		endpoint, err = s.runContainer(ctx, c)
	default:
		endpoint, err = s.serveInProcess()
	}
	if err != nil {
		return nil, fmt.Errorf("S3 sink (%s): %w", c.Driver, err)
	}
	if c.Driver != "own" {
		s.bucket = ""
	}
	s.TargetEndpoint = endpoint
	if !c.Direct() {
		if s.gate, err = openGate(c.Listen, endpoint, j); err != nil {
			return nil, errors.Join(fmt.Errorf("S3 sink (%s): sinks.s3.listen: %w", c.Driver, err), s.stop())
		}
		s.TargetEndpoint = s.gate.url
	}
	if c.TargetEndpoint != "" {
		s.TargetEndpoint = c.TargetEndpoint
	}
	s.client = s3.New(s3.Options{
		BaseEndpoint: aws.String(endpoint), Region: s.Region, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
	})
	if c.Driver != "own" && c.Bucket != "" {
		if _, err := s.client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(c.Bucket)}); err != nil {
			return nil, errors.Join(fmt.Errorf("S3 sink: create bucket %s: %w", c.Bucket, err), s.Close())
		}
	}
	return s, nil
}

// behindGate is the address of a store that the target reaches through the gate.
const behindGate = "127.0.0.1:0"

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func (s *Store) serveInProcess() (string, error) {
	ln, err := net.Listen("tcp", behindGate)
	if err != nil {
		return "", err
	}
	fake := gofakes3.New(s3mem.New(), gofakes3.WithV4Auth(map[string]string{s.AccessKey: s.SecretKey}))
	store := fake.Server()
	typed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "binary/octet-stream") // of an object without a type, as at Amazon; net/http would guess it from the content
		store.ServeHTTP(w, r)
	})
	srv := &http.Server{ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10, Handler: newBudget(typed, memoryBudget)}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }() // awaited by stop
	s.stop = func() error {
		err := srv.Close()
		if serr := <-done; !errors.Is(serr, http.ErrServerClosed) {
			err = errors.Join(err, serr)
		}
		return err
	}
	return "http://" + ln.Addr().String(), nil
}

func (s *Store) runProcess(ctx context.Context, c config.S3Sink, dir string) (string, error) {
	data := filepath.Join(dir, "minio")
	if err := os.MkdirAll(data, 0o755); err != nil {
		return "", err
	}
	addr, err := freeAddr(behindGate)
	if err != nil {
		return "", err
	}
	s.stop, err = runProcess(ctx, processSpec{
		command: []string{c.Binary, "server", "--address", addr, data}, env: s.environment(),
		log: filepath.Join(dir, "minio.log"), ready: "http://" + addr + "/minio/health/live",
	})
	if err != nil {
		return "", err
	}
	return "http://" + addr, nil
}

// environment returns the environment of MinIO. MinIO needs a key to encrypt objects.
func (s *Store) environment() map[string]string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return map[string]string{"MINIO_ROOT_USER": s.AccessKey, "MINIO_ROOT_PASSWORD": s.SecretKey,
		"MINIO_KMS_SECRET_KEY": "reelcheck:" + base64.StdEncoding.EncodeToString(key)}
}

func (s *Store) runContainer(ctx context.Context, c config.S3Sink) (string, error) {
	stop, addr, err := runContainer(ctx, containerSpec{
		image: c.Image, port: "9000/tcp", ready: "/minio/health/live", cmd: []string{"server", "/data"},
		env: s.environment(),
	})
	if err != nil {
		return "", err
	}
	s.stop = stop
	return "http://" + addr, nil
}

// Bucket makes a bucket, or returns the existing one. Requests of the target to it belong to the scenario.
func (s *Store) Bucket(ctx context.Context, scenario, name string) (string, error) {
	if s.bucket != "" {
		return s.bucket, nil
	}
	if _, err := s.client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(name)}); err != nil {
		return "", fmt.Errorf("S3 sink: create bucket %s: %w", name, err)
	}
	if s.gate != nil {
		s.gate.own(name, scenario)
	}
	return name, nil
}

// Own assigns the requests for an archive to a scenario, in a bucket that scenarios share.
func (s *Store) Own(archive, scenario string) {
	if s.gate != nil {
		s.gate.own(archive, scenario)
	}
}

// Refuse answers every request of the target whose path has a bucket or an archive of that name with status from now on; 0 stops that.
func (s *Store) Refuse(name string, status int) error {
	return s.refuse(name, refusal{status: status})
}

// RefuseObjects is Refuse for the requests without which no object is made. Multipart uploads may begin, and be aborted.
func (s *Store) RefuseObjects(name string, status int) error {
	return s.refuse(name, refusal{status: status, unmaking: true})
}

func (s *Store) refuse(name string, r refusal) error {
	if s.gate == nil {
		return errors.New("S3 sink: the target reaches the store directly, so the suite cannot refuse its requests")
	}
	s.gate.refuse(name, r)
	return nil
}

// Storage returns the upload target for an application.
func (s *Store) Storage(bucket string) *target.Storage {
	return &target.Storage{Type: "s3", Config: target.S3Config{
		AccessKey: s.AccessKey, SecretKey: s.SecretKey, Bucket: bucket, Endpoint: s.TargetEndpoint, Region: s.Region,
	}}
}

// List returns the objects under a prefix.
func (s *Store) List(ctx context.Context, bucket, prefix string) ([]evidence.Object, error) {
	var out []evidence.Object
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String(prefix)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("S3 sink: list %s/%s: %w", bucket, prefix, err)
		}
		for _, o := range page.Contents {
			out = append(out, evidence.Object{Store: "s3", Bucket: bucket, Key: aws.ToString(o.Key), Size: aws.ToInt64(o.Size),
				Modified: aws.ToTime(o.LastModified).UTC()})
		}
	}
	return out, nil
}

// Readable returns an error if the suite cannot read the bucket that a person has prepared.
func (s *Store) Readable(ctx context.Context) error {
	if s.bucket == "" {
		return nil
	}
	_, err := s.List(ctx, s.bucket, nothing)
	return err
}

// nothing is a prefix under which no target stores anything.
const nothing = "reelcheck-doctor/"

// Fetch downloads an object into the evidence and returns its description.
func (s *Store) Fetch(ctx context.Context, j *evidence.Journal, bucket, key string) (evidence.Object, error) {
	got, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if err != nil {
		return evidence.Object{}, fmt.Errorf("S3 sink: fetch %s/%s: %w", bucket, key, err)
	}
	defer got.Body.Close()
	sum, size, err := j.Keep(got.Body)
	if err != nil {
		return evidence.Object{}, fmt.Errorf("S3 sink: fetch %s/%s: %w", bucket, key, err)
	}
	return evidence.Object{Store: "s3", Bucket: bucket, Key: key, Size: size, SHA256: sum, ContentType: aws.ToString(got.ContentType),
		Encryption: string(got.ServerSideEncryption), Metadata: got.Metadata, Modified: aws.ToTime(got.LastModified).UTC()}, nil
}

// Close ends a store that OpenStore started.
func (s *Store) Close() error {
	if s.gate == nil {
		return s.stop()
	}
	return errors.Join(s.gate.close(), s.stop())
}
