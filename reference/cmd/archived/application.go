package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api/apigen"
	"reelcheck/reference/internal/api/target"
	"reelcheck/reference/internal/archive"
)

// chosen is a setting of the default application. Its field is the path of the same setting in the control API's request for a new application,
// so that both have the same meaning and the same limits.
type chosen struct {
	name, field, usage string
	take               func(to *account.Application, from account.Application)
}

const secretly = "; better set in the environment or the file"

func applicationSettings() []chosen {
	storage := func(to *account.Application, from account.Application) { to.Storage = from.Storage }
	return []chosen{
		{"archive-callback-url", "archiveCallbackUrl", "URL for webhooks about changes of an archive's status",
			func(to *account.Application, from account.Application) {
				to.ArchiveCallbackURL = from.ArchiveCallbackURL
			}},
		{"session-callback-url", "sessionCallbackUrl", "URL for webhooks about clients and streams (session monitoring)",
			func(to *account.Application, from account.Application) {
				to.SessionCallbackURL = from.SessionCallbackURL
			}},
		{"signature-secret", "signatureSecret", "secret for signing callbacks (default: they are not signed)" + secretly,
			func(to *account.Application, from account.Application) { to.SignatureSecret = from.SignatureSecret }},
		{"email", "email", "mail address for notices of uploads that failed for good; needs smtp-address",
			func(to *account.Application, from account.Application) { to.Email = from.Email }},
		{"preferred-video-codec", "preferredVideoCodec", "VP8, H264 or VP9 (default VP8)",
			func(to *account.Application, from account.Application) {
				to.PreferredVideoCodec = from.PreferredVideoCodec
			}},
		{"storage-fallback", "fallback", "where an archive goes that cannot be uploaded: vonage (the built-in cloud) or none (default vonage)",
			func(to *account.Application, from account.Application) { to.Fallback = from.Fallback }},
		{storageType, "storage.type", "upload target of archives: s3, azure or none (default none: the built-in cloud)", storage},
		{"storage-certificate", "storage.certificate", "X.509 certificate (PEM, or base64 of PEM); archives are encrypted for its holder (default: not encrypted)", storage},
		{"storage-key-prefix", "storage.config.keyPrefix", "beginning of object names, such as films/ or {date}/{sessionId}/ (default: nothing)", storage},
		{"storage-access-key", "storage.config.accessKey", "s3: access key", storage},
		{"storage-secret-key", "storage.config.secretKey", "s3: secret key" + secretly, storage},
		{"storage-session-token", "storage.config.sessionToken", "s3: session token, for temporary credentials" + secretly, storage},
		{"storage-bucket", "storage.config.bucket", "s3: bucket", storage},
		{"storage-endpoint", "storage.config.endpoint", "s3: base URL of a service other than Amazon's", storage},
		{"storage-region", "storage.config.region", "s3: region (default us-east-1)", storage},
		{"storage-addressing", "storage.config.addressing", "s3: how requests name the bucket: path or virtualHost (default path, at Amazon virtualHost)", storage},
		{"storage-sse", "storage.config.sse", "s3: the service encrypts archives with its own keys (default none)", storage},
		{"storage-account-name", "storage.config.accountName", "azure: storage account", storage},
		{"storage-account-key", "storage.config.accountKey", "azure: account key" + secretly, storage},
		{"storage-sas-token", "storage.config.sasToken", "azure: shared access signature, instead of the account key" + secretly, storage},
		{"storage-container", "storage.config.container", "azure: container", storage},
		{"storage-domain", "storage.config.domain", "azure: domain (default blob.core.windows.net), or base URL of an emulator", storage},
	}
}

const storageType = "storage-type"

// choice is the part of the default application that the settings choose.
type choice struct {
	flags *pflag.FlagSet
	value account.Application
}

// choose returns the choice in flags, which must be filled. Errors name the setting.
func choose(flags *pflag.FlagSet, rules target.Rules) (choice, error) {
	c := choice{flags: flags}
	request := map[string]any{}
	for _, s := range applicationSettings() {
		if value := flags.Lookup(s.name).Value.String(); value != "" && (s.name != storageType || value != "none") {
			put(request, strings.Split(s.field, "."), value)
		}
	}
	if storage, ok := request["storage"].(map[string]any); ok && storage["type"] == nil {
		return c, fmt.Errorf("%s: s3 or azure is needed with the other storage settings", storageType)
	}
	raw, err := json.Marshal(request)
	if err != nil {
		return c, err
	}
	var body apigen.ApplicationRequest
	if err := json.Unmarshal(raw, &body); err != nil {
		return c, err
	}
	c.value, err = rules.Application(body)
	return c, renamed(err)
}

func put(into map[string]any, path []string, value string) {
	if len(path) == 1 {
		into[path[0]] = value
		return
	}
	inner, ok := into[path[0]].(map[string]any)
	if !ok {
		inner = map[string]any{}
		into[path[0]] = inner
	}
	put(inner, path[1:], value)
}

// renamed replaces names of fields in err by names of settings.
func renamed(err error) error {
	var refused *archive.Error
	if !errors.As(err, &refused) {
		return err
	}
	var names []string
	for _, s := range applicationSettings() {
		if strings.Contains(s.field, ".") || s.field == refused.Field { // a plain word may occur in the message by itself
			names = append(names, s.field, s.name)
		}
	}
	return errors.New(strings.NewReplacer(names...).Replace(refused.Message))
}

// apply copies the chosen settings to app and does not change the rest.
func (c choice) apply(app *account.Application) {
	for _, s := range applicationSettings() {
		if c.flags.Changed(s.name) {
			s.take(app, c.value)
		}
	}
}
