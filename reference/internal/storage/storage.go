// Package storage puts finished archives where their application wants them: into its own bucket, or into the built-in cloud,
// from where they are downloaded by signed links.
package storage

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/outbound"
)

// Key is the object key of an archive's file, in an application's own target behind the prefix of that (ARC-STO-07, ARC-STO-08).
func Key(a archive.Archive) string {
	name := "archive.mp4" // ARC-STO-02
	if a.OutputMode == archive.Individual {
		name = "archive.zip" // ARC-IND-20
	}
	return a.ApplicationID + "/" + a.ID + "/" + name
}

// name is that of an archive's object in an application's own target. An attempt after a restart finds the parts of the one before by it.
func name(target account.Storage, a archive.Archive) string {
	return target.Prefix(a.SessionID, a.CreatedAt) + Key(a)
}

// A target is asked again at once when a request fails, so that one lost part does not cost the whole upload. Waiting is for the caller.
const (
	attempts = 3
	between  = 50 * time.Millisecond
)

// Upload writes the file of a to an application's own target, over transport, and returns its SHA-256 in base64. A large file goes in
// parts. A failed upload leaves no object; in a bucket it leaves the parts that arrived, which the next attempt does not send again.
func Upload(ctx context.Context, transport http.RoundTripper, target account.Storage, a archive.Archive, r io.Reader) (sum string, err error) {
	client := newClient(transport)
	switch target.Type {
	case account.StorageS3:
		return uploadS3(ctx, client, target.S3, name(target, a), contentType(a), r) // ARC-STO-07
	case account.StorageAzure:
		return uploadAzure(ctx, client, target.Azure, name(target, a), contentType(a), r) // ARC-STO-08
	default:
		return "", &archive.Error{Kind: archive.Invalid, Field: "type", Message: fmt.Sprintf("storage type must be one of s3, azure, got %q", target.Type)}
	}
}

// Abandon removes what failed attempts to upload the file of a left. Azure forgets uncommitted blocks by itself.
func Abandon(ctx context.Context, transport http.RoundTripper, target account.Storage, a archive.Archive) error {
	if target.Type != account.StorageS3 {
		return nil
	}
	// ARC-STO-23
	_, err := inItsRegion(newClient(transport), target.S3, func(remote *s3.Client) error { return abort(ctx, remote, target.S3.Bucket, name(target, a)) })
	return err
}

func newClient(transport http.RoundTripper) *http.Client {
	return &http.Client{Transport: outbound.Bounded(transport), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func contentType(a archive.Archive) string {
	if a.Password != "" { // it is no video to anybody but the holder of the key
		return "application/octet-stream"
	}
	if a.OutputMode == archive.Individual {
		return "application/zip"
	}
	return "video/mp4" // ARC-STO-24
}
