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

// chosen is a setting of the default application. Its field is where the control API has the same setting in the request that makes an
// application, so that both mean the same and are refused for the same reasons.
type chosen struct {
	name, field, usage string
	take               func(to *account.Application, from account.Application)
}

const secretly = "; better given by environment or file"

func applicationSettings() []chosen {
	storage := func(to *account.Application, from account.Application) { to.Storage = from.Storage }
	return []chosen{
		{"archive-callback-url", "archiveCallbackUrl", "URL that is told when the status of an archive changes",
			func(to *account.Application, from account.Application) {
				to.ArchiveCallbackURL = from.ArchiveCallbackURL
			}},
		{"session-callback-url", "sessionCallbackUrl", "URL that is told of clients and streams (session monitoring)",
			func(to *account.Application, from account.Application) {
				to.SessionCallbackURL = from.SessionCallbackURL
			}},
		{"signature-secret", "signatureSecret", "secret that callbacks are signed with (default: they are not)" + secretly,
			func(to *account.Application, from account.Application) { to.SignatureSecret = from.SignatureSecret }},
		{"email", "email", "mail address that is told of uploads that failed for good; needs smtp-address",
			func(to *account.Application, from account.Application) { to.Email = from.Email }},
		{"preferred-video-codec", "preferredVideoCodec", "VP8, H264 or VP9 (default VP8)",
			func(to *account.Application, from account.Application) {
				to.PreferredVideoCodec = from.PreferredVideoCodec
			}},
		{"storage-fallback", "fallback", "what takes an archive that cannot be uploaded: vonage, the built-in cloud, or none (default vonage)",
			func(to *account.Application, from account.Application) { to.Fallback = from.Fallback }},
		{storageType, "storage.type", "where archives are uploaded to: s3, azure or none (default none: they stay in the built-in cloud)", storage},
		{"storage-certificate", "storage.certificate", "X.509 certificate (PEM, or base64 of it) for whose holder archives are encrypted (default: they are not)", storage},
		{"storage-key-prefix", "storage.config.keyPrefix", "what the names of objects begin with, such as films/ or {date}/{sessionId}/ (default nothing)", storage},
		{"storage-access-key", "storage.config.accessKey", "of s3", storage},
		{"storage-secret-key", "storage.config.secretKey", "of s3" + secretly, storage},
		{"storage-session-token", "storage.config.sessionToken", "of temporary credentials of s3" + secretly, storage},
		{"storage-bucket", "storage.config.bucket", "of s3", storage},
		{"storage-endpoint", "storage.config.endpoint", "base URL of an s3 service other than Amazon's", storage},
		{"storage-region", "storage.config.region", "of s3 (default us-east-1)", storage},
		{"storage-addressing", "storage.config.addressing", "how s3 requests name the bucket: path or virtualHost (default path, virtualHost at Amazon)", storage},
		{"storage-sse", "storage.config.sse", "s3: the service encrypts archives with its own keys (default none)", storage},
		{"storage-account-name", "storage.config.accountName", "of azure", storage},
		{"storage-account-key", "storage.config.accountKey", "of azure" + secretly, storage},
		{"storage-sas-token", "storage.config.sasToken", "of azure, instead of the account key: a shared access signature" + secretly, storage},
		{"storage-container", "storage.config.container", "of azure", storage},
		{"storage-domain", "storage.config.domain", "of azure (default blob.core.windows.net), or the base URL of an emulator", storage},
	}
}

const storageType = "storage-type"

// choice is what the settings choose of the default application.
type choice struct {
	flags *pflag.FlagSet
	value account.Application
}

// choose reads the choice from flags that were filled. Errors name the setting.
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

// renamed tells of settings what err tells of fields.
func renamed(err error) error {
	var refused *archive.Error
	if !errors.As(err, &refused) {
		return err
	}
	var names []string
	for _, s := range applicationSettings() {
		if strings.Contains(s.field, ".") || s.field == refused.Field { // a plain word may be meant as such
			names = append(names, s.field, s.name)
		}
	}
	return errors.New(strings.NewReplacer(names...).Replace(refused.Message))
}

// apply sets what was chosen, and leaves the rest as it is.
func (c choice) apply(app *account.Application) {
	for _, s := range applicationSettings() {
		if c.flags.Changed(s.name) {
			s.take(app, c.value)
		}
	}
}
