package storage

import (
	"bytes"
	"context"
	"crypto/md5" // for the ETag of a part, not for security
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/account"
)

const (
	// partSize is the size in bytes of all parts but the last. A service accepts 10,000 parts of at least 5 MiB.
	partSize = 8 << 20
	// partsAtOnce limits the memory of an upload.
	partsAtOnce = 3
)

// parts is a multipart upload in progress. Parts that an earlier attempt sent, perhaps in another process, are not sent again if they are equal.
type parts struct {
	remote *s3.Client
	bucket string
	key    string
	id     string
	have   map[int32]string // ETags of the parts that the service has

	mu   sync.Mutex
	done []types.CompletedPart // index: part number - 1
}

// uploadParts writes an object. first is the content of its first part, and rest the rest. The parts of a failed attempt stay for the next one;
// see [Abandon].
func uploadParts(ctx context.Context, client *http.Client, t account.S3, key, contentType string, first []byte, rest io.Reader) (string, error) {
	p := &parts{bucket: t.Bucket, key: key}
	_, err := inItsRegion(client, t, func(remote *s3.Client) error {
		p.remote = remote
		return p.begin(ctx, t.SSE, contentType)
	})
	if err != nil {
		return "", fmt.Errorf("write %q: %w", key, err)
	}
	hash := sha256.New()
	sending, ctx2 := errgroup.WithContext(ctx)
	sending.SetLimit(partsAtOnce)
	content := first
	for number := int32(1); len(content) > 0 && ctx2.Err() == nil; number++ {
		hash.Write(content)
		part := content
		sending.Go(func() error { return p.put(ctx2, number, part) })
		if content, err = readPart(rest); err != nil {
			break
		}
	}
	if err := errors.Join(err, sending.Wait()); err != nil {
		return "", fmt.Errorf("write %q: %w", key, err)
	}
	out, err := p.remote.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: &p.bucket, Key: &p.key, UploadId: &p.id,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: p.done}})
	if err == nil && aws.ToString(out.ETag) == "" {
		err = errNoETag
	}
	if err != nil {
		return "", fmt.Errorf("write %q: %w", key, err)
	}
	return base64.StdEncoding.EncodeToString(hash.Sum(nil)), nil // ARC-STO-04
}

// readPart returns the next part of r. It is short or empty at the end.
func readPart(r io.Reader) ([]byte, error) {
	part := make([]byte, partSize)
	n, err := io.ReadFull(r, part)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return part[:n], err
}

// begin continues the unfinished upload of the key, or begins one. If the service does not allow a look, there is none.
func (p *parts) begin(ctx context.Context, sse bool, contentType string) error {
	if ids, err := unfinished(ctx, p.remote, p.bucket, p.key); err == nil && len(ids) > 0 {
		p.id = ids[len(ids)-1]
		if err := p.list(ctx); err == nil {
			return nil
		}
	}
	in := &s3.CreateMultipartUploadInput{Bucket: &p.bucket, Key: &p.key, ContentType: &contentType}
	if sse { // ARC-SEC-03
		in.ServerSideEncryption = types.ServerSideEncryptionAes256
	}
	out, err := p.remote.CreateMultipartUpload(ctx, in)
	if err != nil {
		return err
	}
	if p.id, p.have = aws.ToString(out.UploadId), nil; p.id == "" {
		return errors.New("the answer names no upload: this is not an S3 service")
	}
	return nil
}

// list reads which parts the service has.
func (p *parts) list(ctx context.Context) error {
	p.have = map[int32]string{}
	pages := s3.NewListPartsPaginator(p.remote, &s3.ListPartsInput{Bucket: &p.bucket, Key: &p.key, UploadId: &p.id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, part := range page.Parts {
			p.have[aws.ToInt32(part.PartNumber)] = aws.ToString(part.ETag)
		}
	}
	return nil
}

// put sends a part, unless the service has it.
func (p *parts) put(ctx context.Context, number int32, content []byte) error {
	sum := md5.Sum(content)
	etag := p.have[number]
	if strings.Trim(etag, `"`) != hex.EncodeToString(sum[:]) {
		out, err := p.remote.UploadPart(ctx, &s3.UploadPartInput{Bucket: &p.bucket, Key: &p.key, UploadId: &p.id, PartNumber: &number,
			Body: bytes.NewReader(content)})
		if err != nil {
			return err
		}
		if etag = aws.ToString(out.ETag); etag == "" {
			return errNoETag
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for int(number) > len(p.done) {
		p.done = append(p.done, types.CompletedPart{})
	}
	p.done[number-1] = types.CompletedPart{PartNumber: &number, ETag: &etag}
	return nil
}

// unfinished returns the ids of the unfinished uploads of a key, oldest first.
func unfinished(ctx context.Context, remote *s3.Client, bucket, key string) (ids []string, err error) {
	out, err := remote.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &bucket, Prefix: &key})
	if err != nil {
		return nil, err
	}
	for _, u := range out.Uploads {
		if aws.ToString(u.Key) == key {
			ids = append(ids, aws.ToString(u.UploadId))
		}
	}
	return ids, nil
}

// abort removes the unfinished uploads of a key with their parts.
func abort(ctx context.Context, remote *s3.Client, bucket, key string) error {
	ids, err := unfinished(ctx, remote, bucket, key)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := remote.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &bucket, Key: &key, UploadId: &id}); err != nil {
			return err
		}
	}
	return nil
}
