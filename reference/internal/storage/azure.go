package storage

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"

	"reelcheck/reference/internal/session"
)

const azureDomain = "blob.core.windows.net"

// uploadAzure writes a blob and returns its SHA-256 in base64. The reader is handed over: the pipe behind a writer of
// gocloud.dev v0.47 panics when the service refuses the blob.
func uploadAzure(ctx context.Context, client *http.Client, t session.Azure, key, contentType string, r io.Reader) (sum string, err error) {
	bucket, err := openAzure(ctx, client, t)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	err = bucket.Upload(ctx, key, io.TeeReader(r, hash), writing(contentType))
	if err = errors.Join(err, bucket.Close()); err != nil {
		return "", fmt.Errorf("write %q: %w", key, err)
	}
	return base64.StdEncoding.EncodeToString(hash.Sum(nil)), nil
}

// openAzure opens a container with the key of its account.
func openAzure(ctx context.Context, client *http.Client, t session.Azure) (*blob.Bucket, error) {
	key, err := container.NewSharedKeyCredential(t.AccountName, t.AccountKey)
	if err != nil {
		return nil, fmt.Errorf("open container %q: account key: %w", t.Container, err)
	}
	remote, err := container.NewClientWithSharedKeyCredential(containerURL(t), key, &container.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: client,
		Retry:     policy.RetryOptions{MaxRetries: attempts - 1, RetryDelay: between, MaxRetryDelay: between},
	}})
	if err != nil {
		return nil, fmt.Errorf("open container %q: %w", t.Container, err)
	}
	bucket, err := azureblob.OpenBucket(ctx, remote, nil)
	if err != nil {
		return nil, fmt.Errorf("open container %q: %w", t.Container, err)
	}
	return bucket, nil
}

// containerURL is at the account's host below the domain. A domain with a scheme is that of an emulator or a gateway, where the account
// is the first part of the path.
func containerURL(t session.Azure) string {
	switch {
	case t.Domain == "":
		return "https://" + t.AccountName + "." + azureDomain + "/" + t.Container
	case strings.Contains(t.Domain, "://"):
		return strings.TrimSuffix(t.Domain, "/") + "/" + t.AccountName + "/" + t.Container
	default:
		return "https://" + t.AccountName + "." + t.Domain + "/" + t.Container
	}
}
