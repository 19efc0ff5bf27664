// Package target parses what an application may choose: its settings, and the target of its uploads.
package target

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api/apigen"
	"reelcheck/reference/internal/api/wire"
	"reelcheck/reference/internal/outbound"
	"reelcheck/reference/internal/seal"
)

// Maximum lengths in characters, as in openapi.yaml.
const (
	maxCredential  = 256
	maxAccountKey  = 512
	maxContainer   = 255
	maxRegion      = 64
	maxURL         = 2048
	maxSession     = 4096
	maxSAS         = 2048
	maxPrefix      = 512
	maxCertificate = 16 << 10
)

// Rules says which addresses an application may name.
type Rules struct{ outbound.Guard }

// Parse returns the target in body, and whether the built-in cloud takes the file when the target fails. field is the path of body in the
// request, with a dot at its end, or "". Errors are of type [*archive.Error].
func (r Rules) Parse(field string, body apigen.Storage) (*account.Storage, bool, error) {
	if err := r.check(field, body); err != nil {
		return nil, false, err
	}
	fallback, err := Fallback(field+"fallback", body.Fallback)
	if err != nil {
		return nil, false, err
	}
	if body.Certificate != nil {
		if _, err := seal.Certificate(*body.Certificate); err != nil { // ARC-SEC-08
			name := field + "certificate"
			return nil, false, wire.Invalid(name, "%s must be an X.509 certificate in PEM or in base64 of PEM, with an RSA key of 1024 to 2048 bits, or null for none: %v", name, err)
		}
	}
	c, certificate := body.Config, text(body.Certificate)
	if body.Type == apigen.StorageTypeAzure {
		return &account.Storage{Type: account.StorageAzure, KeyPrefix: text(c.KeyPrefix), Certificate: certificate, Azure: account.Azure{
			AccountName: text(c.AccountName), AccountKey: text(c.AccountKey), SASToken: strings.TrimPrefix(text(c.SasToken), "?"),
			Container: text(c.Container), Domain: text(c.Domain),
		}}, fallback, nil
	}
	return &account.Storage{Type: account.StorageS3, KeyPrefix: text(c.KeyPrefix), Certificate: certificate, S3: account.S3{
		AccessKey: text(c.AccessKey), SecretKey: text(c.SecretKey), SessionToken: text(c.SessionToken), Bucket: text(c.Bucket),
		Endpoint: text(c.Endpoint), Region: text(c.Region), SSE: text(c.Sse) == string(apigen.StorageConfigSseS3),
		Addressing: text(c.Addressing),
	}}, fallback, nil
}

// Fallback reports whether the built-in cloud takes the file when the target fails, which is the default.
func Fallback[S ~string](field string, value *S) (bool, error) {
	switch text(value) {
	case "opentok", "vonage":
		return true, nil
	case "none": // ARC-STO-19
		return false, nil
	case "":
		if value == nil { // ARC-STO-12
			return true, nil
		}
	}
	return false, wire.Invalid(field, "%s must be one of none, opentok, vonage, got %.64q", field, text(value))
}

func (r Rules) check(field string, body apigen.Storage) error {
	if !body.Type.Valid() {
		return wire.Invalid(field+"type", "%stype must be one of s3, azure, got %.64q", field, body.Type)
	}
	c := body.Config
	s3, azure := body.Type == apigen.StorageTypeS3, body.Type == apigen.StorageTypeAzure
	for _, member := range []struct {
		name     string
		value    *string
		most     int
		required bool
	}{
		{"certificate", body.Certificate, maxCertificate, false},
		{"config.accessKey", c.AccessKey, maxCredential, s3},
		{"config.secretKey", c.SecretKey, maxCredential, s3},
		{"config.sessionToken", c.SessionToken, maxSession, false},
		{"config.bucket", c.Bucket, maxContainer, s3},
		{"config.region", c.Region, maxRegion, false},
		{"config.accountName", c.AccountName, maxCredential, azure},
		{"config.accountKey", c.AccountKey, maxAccountKey, azure && text(c.SasToken) == ""},
		{"config.sasToken", c.SasToken, maxSAS, false},
		{"config.keyPrefix", c.KeyPrefix, maxPrefix, false},
		{"config.container", c.Container, maxContainer, azure},
		{"config.domain", c.Domain, maxURL, false},
	} {
		name := field + member.name
		switch {
		case utf8.RuneCountInString(text(member.value)) > member.most:
			return wire.Invalid(name, "%s must have at most %d characters", name, member.most)
		case member.required && text(member.value) == "":
			return wire.Invalid(name, "%s is required with %stype %s", name, field, body.Type)
		}
	}
	if c.Sse != nil && !c.Sse.Valid() {
		return wire.Invalid(field+"config.sse", "%sconfig.sse must be one of s3, none, got %.64q", field, *c.Sse)
	}
	if c.Addressing != nil && !c.Addressing.Valid() {
		return wire.Invalid(field+"config.addressing", "%sconfig.addressing must be one of path, virtualHost, got %.64q", field, *c.Addressing)
	}
	if _, err := base64.StdEncoding.DecodeString(text(c.AccountKey)); azure && err != nil {
		return wire.Invalid(field+"config.accountKey", "%sconfig.accountKey must be base64", field)
	}
	if sas, err := url.ParseQuery(strings.TrimPrefix(text(c.SasToken), "?")); text(c.SasToken) != "" && (err != nil || sas.Get("sig") == "" || text(c.AccountKey) != "") {
		return wire.Invalid(field+"config.sasToken", "%sconfig.sasToken must be a shared access signature (sv=...&sig=...), and without an account key", field)
	}
	if !prefix(text(c.KeyPrefix)) {
		return wire.Invalid(field+"config.keyPrefix", "%sconfig.keyPrefix must have only ASCII letters, digits, !_.*'()=+@/- and, once each, {sessionId} and {date}, "+
			"not begin with a slash, and have no part that is empty, . or ..", field)
	}
	if err := r.domain(field+"config.domain", text(c.Domain)); err != nil {
		return err
	}
	return r.URL(field+"config.endpoint", text(c.Endpoint))
}

var prefixCharacters = regexp.MustCompile(`^[A-Za-z0-9!_.*'()=+@/-]*$`)

// prefix reports whether object names may begin with s: all services, and a copy of the bucket as files, must accept it unchanged.
func prefix(s string) bool {
	s = account.Storage{KeyPrefix: s}.Prefix("1_", time.Time{})
	if !prefixCharacters.MatchString(s) {
		return false
	}
	parts := strings.Split(s, "/")
	return !slices.ContainsFunc(parts[:len(parts)-1], func(part string) bool { return part == "" || part == "." || part == ".." })
}

// domain returns an error unless value is empty, a domain name, or a URL.
func (r Rules) domain(field, value string) error {
	if value == "" || strings.Contains(value, "://") {
		return r.URL(field, value)
	}
	u, err := url.Parse("https://" + value)
	if err != nil || u.Host != value {
		return wire.Invalid(field, "%s must be a domain such as blob.core.windows.net, or a base URL, got %.64q", field, value)
	}
	return r.URL(field, u.String())
}

// URL returns an error unless value is empty, or an absolute http or https URL with an allowed address.
func (r Rules) URL(field, value string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || len(value) > maxURL || strings.ContainsAny(value, "\r\n\t ") {
		return wire.Invalid(field, "%s must be an absolute http or https URL of at most %d characters", field, maxURL)
	}
	if err := r.CheckURL(u); err != nil { // ARC-SEC-05
		return wire.Invalid(field, "%s: %v", field, err)
	}
	return nil
}

func text[S ~string](p *S) string {
	if p == nil {
		return ""
	}
	return string(*p)
}
