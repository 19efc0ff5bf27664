package sink

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
)

// Store is an S3-compatible object store that archives are uploaded to.
type Store struct {
	// TargetEndpoint is the store as the target reaches it.
	TargetEndpoint string
	Region         string
	AccessKey      string
	SecretKey      string

	bucket string // driver own: the one bucket there is
	client *s3.Client
	stop   func() error
}

// OpenStore starts, or finds, the store that c describes. Files of a started one live in dir.
func OpenStore(ctx context.Context, c target.S3Sink, dir string, j *evidence.Journal) (*Store, error) {
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
		endpoint, err = s.serveInProcess(c)
	}
	if err != nil {
		return nil, fmt.Errorf("S3 sink (%s): %w", c.Driver, err)
	}
	if c.Driver != "own" {
		s.bucket = ""
	}
	s.TargetEndpoint = endpoint
	if c.TargetEndpoint != "" {
		s.TargetEndpoint = c.TargetEndpoint
	}
	s.client = s3.New(s3.Options{
		BaseEndpoint: aws.String(endpoint), Region: s.Region, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
	})
	return s, nil
}

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func (s *Store) serveInProcess(c target.S3Sink) (string, error) {
	ln, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return "", err
	}
	fake := gofakes3.New(s3mem.New(), gofakes3.WithV4Auth(map[string]string{s.AccessKey: s.SecretKey}))
	srv := &http.Server{Handler: fake.Server(), ReadHeaderTimeout: 10 * time.Second}
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

func (s *Store) runProcess(ctx context.Context, c target.S3Sink, dir string) (string, error) {
	data := filepath.Join(dir, "minio")
	if err := os.MkdirAll(data, 0o755); err != nil {
		return "", err
	}
	addr, err := freeAddr(c.Listen)
	if err != nil {
		return "", err
	}
	log, err := os.Create(filepath.Join(dir, "minio.log"))
	if err != nil {
		return "", err
	}
	// Not CommandContext: it runs until stop, which also waits.
	cmd := exec.Command(c.Binary, "server", "--address", addr, data)
	cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+s.AccessKey, "MINIO_ROOT_PASSWORD="+s.SecretKey)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		_ = log.Close()
		return "", err
	}
	s.stop = func() error {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed: its status says nothing
		return log.Close()
	}
	if err := awaitHTTP(ctx, "http://"+addr+"/minio/health/live", 20*time.Second); err != nil {
		return "", errors.Join(fmt.Errorf("%s: %w; see %s", c.Binary, err, log.Name()), s.stop())
	}
	return "http://" + addr, nil
}

// freeAddr picks the port now if listen leaves it open: MinIO does not report the one it chose.
func freeAddr(listen string) (string, error) {
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return "", err
	}
	defer ln.Close() //nolint:errcheck // only borrowed
	return ln.Addr().String(), nil
}

func awaitHTTP(ctx context.Context, url string, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not healthy within %v", within)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (s *Store) runContainer(ctx context.Context, c target.S3Sink) (string, error) {
	stop, addr, err := runContainer(ctx, containerSpec{
		image: c.Image, port: "9000/tcp", ready: "/minio/health/live", cmd: []string{"server", "/data"},
		env: map[string]string{"MINIO_ROOT_USER": s.AccessKey, "MINIO_ROOT_PASSWORD": s.SecretKey},
	})
	if err != nil {
		return "", err
	}
	s.stop = stop
	return "http://" + addr, nil
}

// Bucket makes a bucket, or returns the one there is.
func (s *Store) Bucket(ctx context.Context, name string) (string, error) {
	if s.bucket != "" {
		return s.bucket, nil
	}
	if _, err := s.client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(name)}); err != nil {
		return "", fmt.Errorf("S3 sink: create bucket %s: %w", name, err)
	}
	return name, nil
}

// Storage is the upload target to configure an application with.
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

// Fetch downloads an object into the evidence and describes it.
func (s *Store) Fetch(ctx context.Context, j *evidence.Journal, bucket, key string) (evidence.Object, error) {
	got, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if err != nil {
		return evidence.Object{}, fmt.Errorf("S3 sink: fetch %s/%s: %w", bucket, key, err)
	}
	defer got.Body.Close()
	blob, err := j.Blob()
	if err != nil {
		return evidence.Object{}, err
	}
	if _, err := io.Copy(blob, got.Body); err != nil {
		blob.Abort()
		return evidence.Object{}, fmt.Errorf("S3 sink: fetch %s/%s: %w", bucket, key, err)
	}
	sum, size, err := blob.Commit()
	return evidence.Object{Store: "s3", Bucket: bucket, Key: key, Size: size, SHA256: sum, ContentType: aws.ToString(got.ContentType),
		Metadata: got.Metadata, Modified: aws.ToTime(got.LastModified).UTC()}, err
}

// Remove deletes what is under a prefix; for clean-up of a store that is not ours.
func (s *Store) Remove(ctx context.Context, bucket, prefix string) error {
	if strings.Trim(prefix, "/") == "" {
		return errors.New("S3 sink: remove: want a prefix")
	}
	objects, err := s.List(ctx, bucket, prefix)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if _, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String(o.Key)}); err != nil {
			return fmt.Errorf("S3 sink: remove %s/%s: %w", bucket, o.Key, err)
		}
	}
	return nil
}

// Close ends a store that OpenStore started.
func (s *Store) Close() error { return s.stop() }
