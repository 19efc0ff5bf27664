package storage

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/outbound"
)

const azureDomain = "blob.core.windows.net"

// uploadAzure writes a blob, in blocks if it is large, and returns its SHA-256 in base64.
func uploadAzure(ctx context.Context, client *http.Client, t account.Azure, key, contentType string, r io.Reader) (sum string, err error) {
	remote, err := openContainer(client, t)
	if err != nil {
		return "", fmt.Errorf("open container %q: %w", t.Container, err)
	}
	hash := sha256.New()
	out, err := remote.NewBlockBlobClient(key).UploadStream(ctx, io.TeeReader(r, hash), &blockblob.UploadStreamOptions{
		BlockSize: partSize, Concurrency: partsAtOnce, HTTPHeaders: &blob.HTTPHeaders{BlobContentType: &contentType},
	})
	if err == nil && (out.ETag == nil || *out.ETag == "") {
		err = errNoETag
	}
	if err != nil {
		return "", fmt.Errorf("write %q: %w", key, outbound.Cause(err)) // without the URL, because it contains the SAS token
	}
	return base64.StdEncoding.EncodeToString(hash.Sum(nil)), nil // ARC-STO-04
}

// openContainer returns a client that uses the account key or the SAS token of the target.
func openContainer(client *http.Client, t account.Azure) (*container.Client, error) {
	client = &http.Client{Transport: endedBodies{client.Transport}, CheckRedirect: client.CheckRedirect}
	options := &container.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: client,
		Retry:     policy.RetryOptions{MaxRetries: attempts - 1, RetryDelay: between, MaxRetryDelay: between},
	}}
	if t.SASToken != "" {
		return container.NewClientWithNoCredential(containerURL(t)+"?"+t.SASToken, options)
	}
	account, err := container.NewSharedKeyCredential(t.AccountName, t.AccountKey)
	if err != nil {
		return nil, fmt.Errorf("account key: %w", err)
	}
	return container.NewClientWithSharedKeyCredential(containerURL(t), account, options)
}

// containerURL returns the URL of the container, at the account's host below the domain. A domain with a scheme belongs to an emulator or a
// gateway, where the account is the first part of the path.
func containerURL(t account.Azure) string {
	switch {
	case t.Domain == "":
		return "https://" + t.AccountName + "." + azureDomain + "/" + t.Container
	case strings.Contains(t.Domain, "://"):
		return strings.TrimSuffix(t.Domain, "/") + "/" + t.AccountName + "/" + t.Container
	default:
		return "https://" + t.AccountName + "." + t.Domain + "/" + t.Container
	}
}
