package storage

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reelcheck/reference/internal/account"
)

const defaultRegion = "us-east-1"

// newS3 returns a client for AWS or for the given endpoint. It sends only the checksums that the protocol requires, because other services
// refuse the rest.
func newS3(client *http.Client, t account.S3) *s3.Client {
	return s3.New(s3.Options{
		Region:                     cmp.Or(t.Region, defaultRegion),
		Credentials:                credentials.NewStaticCredentialsProvider(t.AccessKey, t.SecretKey, t.SessionToken),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		HTTPClient:                 client,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.RateLimiter = attempts, ratelimit.None
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return between, nil })
		}),
	}, func(o *s3.Options) {
		if t.Endpoint != "" {
			o.BaseEndpoint = aws.String(t.Endpoint) // ARC-STO-07
		}
		o.UsePathStyle = pathStyle(t)
	})
}

// pathStyle reports whether the path names the bucket. A bucket's host name need not resolve except at Amazon.
func pathStyle(t account.S3) bool {
	if t.Addressing != "" || t.Endpoint == "" {
		return t.Addressing == account.PathStyle
	}
	u, err := url.Parse(t.Endpoint)
	return err != nil || !strings.HasSuffix(u.Hostname(), ".amazonaws.com")
}

// errNoETag says that an answer that reports success is not from S3 or Azure. A web page may answer every request so.
var errNoETag = errors.New("the answer has no ETag: this is no storage service")

// uploadS3 writes an object, in parts if it is large, and returns its SHA-256 in base64.
func uploadS3(ctx context.Context, client *http.Client, t account.S3, key, contentType string, r io.Reader) (sum string, err error) {
	first, err := readPart(r)
	if err != nil {
		return "", fmt.Errorf("write %q: %w", key, err)
	}
	if len(first) == partSize {
		return uploadParts(ctx, client, t, key, contentType, first, r)
	}
	in := s3.PutObjectInput{Bucket: &t.Bucket, Key: &key, ContentType: &contentType}
	if t.SSE { // ARC-SEC-03
		in.ServerSideEncryption = types.ServerSideEncryptionAes256
	}
	_, err = inItsRegion(client, t, func(remote *s3.Client) error {
		in.Body = bytes.NewReader(first)
		out, err := remote.PutObject(ctx, &in)
		if err == nil && aws.ToString(out.ETag) == "" {
			err = errNoETag
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("write %q: %w", key, err)
	}
	hash := sha256.Sum256(first)
	return base64.StdEncoding.EncodeToString(hash[:]), nil // ARC-STO-04
}
