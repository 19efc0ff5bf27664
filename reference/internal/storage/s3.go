package storage

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"

	"reelcheck/reference/internal/session"
)

const defaultRegion = "us-east-1"

// openS3 opens a bucket at AWS or, path style, at the endpoint given. Checksums beyond those that the protocol requires are left
// out: services other than AWS refuse them.
func openS3(ctx context.Context, client *http.Client, t session.S3) (*blob.Bucket, error) {
	remote := s3.New(s3.Options{
		Region:                     cmp.Or(t.Region, defaultRegion),
		Credentials:                credentials.NewStaticCredentialsProvider(t.AccessKey, t.SecretKey, ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		HTTPClient:                 client,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.RateLimiter = attempts, ratelimit.None
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return between, nil })
		}),
	}, func(o *s3.Options) {
		if t.Endpoint != "" {
			o.BaseEndpoint = aws.String(t.Endpoint)
			o.UsePathStyle = true
		}
	})
	options := s3blob.Options{RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired}
	if t.SSE {
		options.EncryptionType = types.ServerSideEncryptionAes256
	}
	bucket, err := s3blob.OpenBucket(ctx, remote, t.Bucket, &options)
	if err != nil {
		return nil, fmt.Errorf("open bucket %q: %w", t.Bucket, err)
	}
	return bucket, nil
}
