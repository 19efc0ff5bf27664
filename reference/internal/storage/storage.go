// Package storage stores finished archives: in the application's own bucket or container, or in the built-in cloud, which serves them by signed
// links.
//
//	sum, err := storage.Upload(ctx, transport, target, a, file) // the application's own target
//
//	cloud, err := storage.OpenCloud(dir, clock.Now)
//	sum, err := cloud.Put(ctx, a, file)
//	link := cloud.Link(a)
//
// Users choose the targets, so the caller must pass a transport that guards against private addresses (package outbound) and must limit the time
// of an upload. It decides when to retry, and calls [Abandon] when it gives up. It also decides when files of the cloud expire, and erases them.
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

// Key returns the object key of an archive's file. In an application's own target, the target's prefix comes before it (ARC-STO-07, ARC-STO-08).
func Key(a archive.Archive) string {
	name := "archive.mp4" // ARC-STO-02
	if a.OutputMode == archive.Individual {
		name = "archive.zip" // ARC-IND-20
	}
	return a.ApplicationID + "/" + a.ID + "/" + name
}

// name returns the name of an archive's object in an application's own target. It never changes, so that an attempt after a restart finds
// earlier parts.
func name(target account.Storage, a archive.Archive) string {
	return target.Prefix(a.SessionID, a.CreatedAt) + Key(a)
}

// A failed request is repeated at once, so that one lost part does not fail the whole upload. The caller waits between uploads.
const (
	attempts = 3
	between  = 50 * time.Millisecond
)

// Upload writes the file of a to an application's own target and returns its SHA-256 in base64. It sends a large file in parts. A failed upload
// leaves no object. In a bucket it leaves the parts that arrived, and the next attempt does not send them again.
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

// Abandon removes what failed attempts to upload the file of a have left. Azure removes uncommitted blocks by itself.
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
	if a.Password != "" { // only the holder of the key can see a video in it
		return "application/octet-stream"
	}
	if a.OutputMode == archive.Individual {
		return "application/zip"
	}
	return "video/mp4" // ARC-STO-24
}
