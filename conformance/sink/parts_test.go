package sink

import (
	"bytes"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// multipart is a multipart upload of the film, as a target makes one.
type multipart struct {
	*s3.Client
	bucket string
	id     *string
}

func (m *multipart) begin(t *testing.T) {
	t.Helper()
	out, err := m.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &m.bucket, Key: aws.String(filmKey)})
	if err != nil {
		t.Fatal(err)
	}
	m.id = out.UploadId
}

func (m *multipart) put(t *testing.T, number int32, content string) (types.CompletedPart, error) {
	out, err := m.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: &m.bucket, Key: aws.String(filmKey), UploadId: m.id,
		PartNumber: &number, Body: bytes.NewReader([]byte(content))})
	if err != nil {
		return types.CompletedPart{}, err
	}
	return types.CompletedPart{PartNumber: &number, ETag: out.ETag}, nil
}

func openParts(t *testing.T) (bucket, *multipart) {
	t.Helper()
	j := journal(t)
	s, err := OpenStore(t.Context(), config.S3Sink{Driver: "in-process", Listen: "127.0.0.1:0"}, t.TempDir(), j)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	name, err := s.Bucket(t.Context(), "upload-large", "rc-test-large")
	if err != nil {
		t.Fatal(err)
	}
	to, ok := s.Storage(name).Config.(target.S3Config)
	if !ok {
		t.Fatal("no S3 configuration")
	}
	return bucket{s, name, j}, &multipart{bucket: name, Client: s3.New(s3.Options{BaseEndpoint: aws.String(to.Endpoint), Region: to.Region,
		UsePathStyle: true, RetryMaxAttempts: 1, Credentials: credentials.NewStaticCredentialsProvider(to.AccessKey, to.SecretKey, "")})}
}

// TestRefusedObjectsLeaveParts checks that a multipart upload begins and can be aborted, but makes no object, while objects
// are refused, and that the evidence tells which parts are left.
func TestRefusedObjectsLeaveParts(t *testing.T) {
	b, m := openParts(t)
	if err := b.RefuseObjects(b.name, 503); err != nil {
		t.Fatal(err)
	}
	m.begin(t)
	part, err := m.put(t, 1, film)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.put(t, 2, film); err == nil {
		t.Error("the second part was accepted")
	}
	end := &s3.CompleteMultipartUploadInput{Bucket: &b.name, Key: aws.String(filmKey), UploadId: m.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{part}}}
	if _, err := m.CompleteMultipartUpload(t.Context(), end); err == nil {
		t.Error("the upload was finished")
	}
	if _, err := m.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &b.name, Key: aws.String(filmKey), Body: bytes.NewReader([]byte(film))}); err == nil {
		t.Error("the object was accepted")
	}
	b.isEmpty(t, "while refused")
	if all, left := evidence.Multiparts(b.journal.View().Uploads().Records, "a1"); len(all) != 1 || len(left) != 1 {
		t.Errorf("before the abortion: %d parts, %d left", len(all), len(left))
	}
	if _, err := m.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: &b.name, Key: aws.String(filmKey), UploadId: m.id}); err != nil {
		t.Fatal(err)
	}
	if all, left := evidence.Multiparts(b.journal.View().Uploads().Records, "a1"); len(all) != 1 || len(left) != 0 {
		t.Errorf("after the abortion: %d parts, %d left", len(all), len(left))
	}
}

// TestObjectWithoutTypeHasNone checks that the store tells the type of an object as it was given, and guesses none.
func TestObjectWithoutTypeHasNone(t *testing.T) {
	b, m := openParts(t)
	m.begin(t)
	part, err := m.put(t, 1, "\x00\x00\x00\x14ftypisom\x00\x00\x00\x00isom")
	if err != nil {
		t.Fatal(err)
	}
	end := &s3.CompleteMultipartUploadInput{Bucket: &b.name, Key: aws.String(filmKey), UploadId: m.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{part}}}
	if _, err := m.CompleteMultipartUpload(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	if o, err := b.Fetch(t.Context(), b.journal, b.name, filmKey); err != nil || o.ContentType != "binary/octet-stream" {
		t.Errorf("fetched %+v, %v", o, err)
	}
	if _, left := evidence.Multiparts(b.journal.View().Uploads().Records, "a1"); len(left) != 0 {
		t.Errorf("%d parts left", len(left))
	}
}
