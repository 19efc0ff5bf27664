package storage

import (
	"bytes"
	"context"
	"crypto/md5" // of which the ETag of a part is made; it protects nothing
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
	// partSize is that of all parts but the last. A service takes 10,000 parts of at least 5 MiB.
	partSize = 8 << 20
	// partsAtOnce bounds the memory of an upload.
	partsAtOnce = 3
)

// parts is a multipart upload in progress. Parts that an earlier attempt left, perhaps one of a process that died, are not sent again if
// they are the same.
type parts struct {
	remote *s3.Client
	bucket string
	key    string
	id     string
	have   map[int32]string // ETags of the parts that are there

	mu   sync.Mutex
	done []types.CompletedPart // by part number less 1
}

// uploadParts writes an object from first, the content of its first part, and rest. What a failed attempt sent stays for the next one; see
// [Abandon].
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

// readPart returns the next part of r, short or empty at its end.
func readPart(r io.Reader) ([]byte, error) {
	part := make([]byte, partSize)
	n, err := io.ReadFull(r, part)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return part[:n], err
}

// begin takes up the upload of the key that is in progress, or begins one. A service that does not let us look is one without.
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

// list reads which parts are there.
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

// put sends a part, unless it is there.
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

// unfinished returns the multipart uploads of a key, oldest first.
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

// abort removes the parts of unfinished uploads of a key.
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
