// Package account decides who may do what. It has applications with their keys, session ids, and the tokens of the REST API and of clients.
//
// An application has two identities. The unified identity is its id, a UUID, with RS256 tokens made with its private key. The legacy identity is
// its API key, a number, with HS256 tokens made with its API secret. [Verifier] accepts both:
//
//	v := account.Verifier{Applications: db, Unknown: store.ErrNotFound, Now: time.Now}
//	who, err := v.REST(ctx, r.Header.Get("Authorization"), r.Header.Get("X-OPENTOK-AUTH"))
//	if err != nil {
//		return err // an *archive.Error that says what is wrong with the token, or a failure to look up the application
//	}
//	if who.Owner() != inPath {
//		return account.ErrForeign
//	}
//
// A valid token says who calls, not that the call is about something of theirs. So the caller compares the owner with the one in the path, as above,
// and looks up sessions and archives by application. Now must be real time, in which tokens expire. Tokens and secrets must not be logged. This
// package makes no tokens; for tests, package accounttest does.
package account

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Application owns sessions and archives.
type Application struct {
	ID           string `json:"id"` // UUID
	Name         string `json:"name"`
	APIKey       int64  `json:"apiKey"` // positive
	APISecret    string `json:"apiSecret"`
	PublicKeyPEM string `json:"publicKey"`

	PreferredVideoCodec string   `json:"preferredVideoCodec"` // VP8, H264 or VP9
	ArchiveCallbackURL  string   `json:"archiveCallbackUrl"`
	SessionCallbackURL  string   `json:"sessionCallbackUrl"`
	SignatureSecret     string   `json:"signatureSecret"` // "" = callbacks are not signed
	Storage             *Storage `json:"storage,omitempty"`
	Fallback            bool     `json:"fallback"` // use the built-in cloud if Storage fails
	Email               string   `json:"email"`

	// ClockOffset is how far the application's policy time is ahead of real time.
	ClockOffset time.Duration `json:"clockOffset"`
	CreatedAt   time.Time     `json:"createdAt"`
}

// Kinds of [Storage].
const (
	StorageS3    = "s3"
	StorageAzure = "azure"
)

// Values of [S3.Addressing]: where a request names the bucket.
const (
	PathStyle   = "path"
	VirtualHost = "virtualHost"
)

// Storage is an application's own upload target. Type says whether S3 or Azure is set.
type Storage struct {
	Type        string `json:"type"`
	KeyPrefix   string `json:"keyPrefix,omitempty"` // begins the names of objects; see [Storage.Prefix]
	S3          S3     `json:"s3,omitzero"`
	Azure       Azure  `json:"azure,omitzero"`
	Certificate string `json:"certificate,omitempty"` // archives are encrypted for the holder of its private key; "" = they are not encrypted
}

// Prefix returns the beginning of the object names of a session's archives: KeyPrefix with its first {sessionId} and its first {date} replaced.
func (s Storage) Prefix(sessionID string, created time.Time) string {
	prefix := strings.Replace(s.KeyPrefix, "{sessionId}", sessionID, 1)
	return strings.Replace(prefix, "{date}", created.UTC().Format(time.DateOnly), 1)
}

// S3 is a bucket at AWS, or at the service at Endpoint (a base URL with scheme).
type S3 struct {
	AccessKey string `json:"accessKey"`
	SecretKey string `json:"secretKey"`
	// SessionToken belongs to temporary credentials; "" for permanent ones.
	SessionToken string `json:"sessionToken,omitempty"`
	Bucket       string `json:"bucket"`
	Endpoint     string `json:"endpoint,omitempty"`
	Region       string `json:"region,omitempty"`
	SSE          bool   `json:"sse,omitempty"` // server-side encryption with the service's keys
	// Addressing is PathStyle, VirtualHost, or "". "" means VirtualHost at Amazon and PathStyle elsewhere.
	Addressing string `json:"addressing,omitempty"`
}

// Azure is a container of a storage account.
type Azure struct {
	AccountName string `json:"accountName"`
	AccountKey  string `json:"accountKey,omitempty"`
	SASToken    string `json:"sasToken,omitempty"` // a query string, used instead of AccountKey
	Container   string `json:"container"`
	Domain      string `json:"domain,omitempty"`
}

// Key returns the API key as it appears in paths and tokens.
func (a Application) Key() string { return strconv.FormatInt(a.APIKey, 10) }

// minKey and maxKey are the limits of API keys. They fit in 32 bits, because the Java SDK reads them as int.
const minKey, maxKey = 1_000_000_000, 1<<31 - 1

// NewApplication returns an application with new ids and keys and the defaults of the service. The private key (PKCS #8, PEM) is not stored
// anywhere.
func NewApplication(name string, now time.Time) (a Application, privateKeyPEM string, err error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return Application{}, "", fmt.Errorf("make application key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Application{}, "", fmt.Errorf("encode private key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return Application{}, "", fmt.Errorf("encode public key: %w", err)
	}
	key, err := rand.Int(rand.Reader, big.NewInt(maxKey-minKey))
	if err != nil {
		return Application{}, "", fmt.Errorf("make API key: %w", err)
	}
	secret := make([]byte, 20)
	if _, err := rand.Read(secret); err != nil {
		return Application{}, "", fmt.Errorf("make API secret: %w", err)
	}
	return Application{
		ID:                  uuid.NewString(),
		Name:                name,
		APIKey:              minKey + key.Int64(),
		APISecret:           hex.EncodeToString(secret),
		PublicKeyPEM:        string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})),
		PreferredVideoCodec: "VP8",
		Fallback:            true,
		CreatedAt:           now,
	}, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}
