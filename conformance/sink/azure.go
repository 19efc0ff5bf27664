package sink

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Azure is an account of Azure Blob Storage, or of its emulator Azurite, that archives are uploaded to.
type Azure struct {
	// TargetEndpoint is the parent URL of the account as the target reaches it. The account is the first part of the
	// path.
	TargetEndpoint string
	Account        string
	Key            string

	container string // driver own: the only container
	client    *azblob.Client
	stop      func() error
}

// azuriteOptions keep everything in memory, and allow requests of SDKs that are newer than Azurite.
var azuriteOptions = []string{"--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"}

// azuriteReady is what Azurite prints when it listens. In a container its port is open earlier.
const azuriteReady = "Azurite Blob service successfully listens"

// OpenAzure starts or finds the account that c describes. The log of a started one is in dir.
func OpenAzure(ctx context.Context, c config.AzureSink, dir string, j *evidence.Journal) (*Azure, error) {
	a := &Azure{Account: c.Account, Key: c.Key, container: c.Container, stop: func() error { return nil }}
	if c.Driver != "own" {
		key := make([]byte, 32)
		_, _ = rand.Read(key) // never fails
		a.Account, a.Key, a.container = "reelcheck", base64.StdEncoding.EncodeToString(key), ""
	}
	j.Redact("storage secret", a.Key)
	endpoint, err := c.Endpoint, error(nil)
	switch c.Driver {
	case "process":
		endpoint, err = a.runProcess(ctx, c, dir)
	case "container":
		endpoint, err = a.runContainer(ctx, c)
	}
	if err != nil {
		return nil, fmt.Errorf("azure sink (%s): %w", c.Driver, err)
	}
	a.TargetEndpoint = endpoint
	if c.TargetEndpoint != "" {
		a.TargetEndpoint = c.TargetEndpoint
	}
	credential, err := azblob.NewSharedKeyCredential(a.Account, a.Key)
	if err == nil {
		a.client, err = azblob.NewClientWithSharedKeyCredential(strings.TrimRight(endpoint, "/")+"/"+a.Account, credential, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("azure sink (%s): %w", c.Driver, err)
	}
	return a, nil
}

func (a *Azure) environment() map[string]string {
	return map[string]string{"AZURITE_ACCOUNTS": a.Account + ":" + a.Key}
}

func (a *Azure) runProcess(ctx context.Context, c config.AzureSink, dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	addr, err := freeAddr(c.Listen)
	if err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	command := append(append([]string{}, c.Command...), azuriteOptions...)
	a.stop, err = runProcess(ctx, processSpec{command: append(command, "--blobHost", host, "--blobPort", port), env: a.environment(),
		log: filepath.Join(dir, "azurite.log"), ready: "http://" + addr + "/"})
	return "http://" + addr, err
}

func (a *Azure) runContainer(ctx context.Context, c config.AzureSink) (endpoint string, err error) {
	command := append([]string{"--blobHost", "0.0.0.0"}, azuriteOptions...)
	stop, addr, err := runContainer(ctx, containerSpec{image: c.Image, port: "10000/tcp", log: azuriteReady, env: a.environment(), cmd: command})
	if err != nil {
		return "", err
	}
	a.stop = stop
	return "http://" + addr, nil
}

// Bucket makes a container, or returns the existing one.
func (a *Azure) Bucket(ctx context.Context, _, name string) (string, error) {
	if a.container != "" {
		return a.container, nil
	}
	if _, err := a.client.CreateContainer(ctx, name, nil); err != nil {
		return "", fmt.Errorf("azure sink: create container %s: %w", name, err)
	}
	return name, nil
}

// Storage returns the upload target for an application.
func (a *Azure) Storage(container string) *target.Storage {
	return &target.Storage{Type: "azure", Config: target.AzureConfig{AccountName: a.Account, AccountKey: a.Key, Container: container, Domain: a.TargetEndpoint}}
}

// List returns the blobs under a prefix.
func (a *Azure) List(ctx context.Context, container, prefix string) ([]evidence.Object, error) {
	var out []evidence.Object
	for pages := a.client.NewListBlobsFlatPager(container, &azblob.ListBlobsFlatOptions{Prefix: &prefix}); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("azure sink: list %s/%s: %w", container, prefix, err)
		}
		for _, b := range page.Segment.BlobItems {
			o := evidence.Object{Store: "azure", Bucket: container, Key: *b.Name}
			if p := b.Properties; p != nil && p.ContentLength != nil && p.LastModified != nil {
				o.Size, o.Modified = *p.ContentLength, p.LastModified.UTC()
			}
			out = append(out, o)
		}
	}
	return out, nil
}

// Readable returns an error if the suite cannot read the container that a person has prepared.
func (a *Azure) Readable(ctx context.Context) error {
	if a.container == "" {
		return nil
	}
	_, err := a.List(ctx, a.container, nothing)
	return err
}

// Fetch downloads a blob into the evidence and returns its description.
func (a *Azure) Fetch(ctx context.Context, j *evidence.Journal, container, key string) (evidence.Object, error) {
	got, err := a.client.DownloadStream(ctx, container, key, nil)
	if err != nil {
		return evidence.Object{}, fmt.Errorf("azure sink: fetch %s/%s: %w", container, key, err)
	}
	defer got.Body.Close()
	sum, size, err := j.Keep(got.Body)
	if err != nil {
		return evidence.Object{}, fmt.Errorf("azure sink: fetch %s/%s: %w", container, key, err)
	}
	o := evidence.Object{Store: "azure", Bucket: container, Key: key, Size: size, SHA256: sum}
	if got.ContentType != nil {
		o.ContentType = *got.ContentType
	}
	return o, nil
}

// Close ends an account that OpenAzure started.
func (a *Azure) Close() error { return a.stop() }
