package draft

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelcheck/conformance/target/config"
)

func keyFile(t *testing.T, dir string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "private.key")
	b := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestRender checks that a target file says what was answered.
func TestRender(t *testing.T) {
	dir := t.TempDir()
	key := keyFile(t, dir)
	for name, c := range map[string]struct {
		answers Answers
		check   func(config.File) bool
		advice  []string
	}{
		"least": {Answers{URL: "http://127.0.0.1:8080", APIKey: "100"}, func(f config.File) bool {
			return f.Name == "127.0.0.1" && f.Has(config.Legacy, config.Cloud, config.VP8) && !f.Has(config.Unified) && !f.Has(config.Callback) && !f.Has(config.Events) && !f.Has(config.S3) &&
				f.Credentials.APIKey == "100" && f.Credentials.APISecret == "$REELCHECK_API_SECRET" && f.Time == config.Real
		}, []string{"callback  none", "built-in cloud", "export REELCHECK_API_SECRET", "does not declare events"}},
		"local": {Answers{URL: "http://localhost:8080", ApplicationID: "a1", PrivateKey: key, CallbackListen: "127.0.0.1:9080", Files: FilesAtSuite}, func(f config.File) bool {
			return f.Has(config.Unified, config.Callback, config.S3) && !f.Has(config.Cloud) && f.Credentials.PrivateKeyFile == "private.key" &&
				f.Sinks.Webhook.Listen == "127.0.0.1:9080" && f.Sinks.Webhook.URL == "http://127.0.0.1:9080" &&
				f.Sinks.S3.Driver == "in-process" && f.Sinks.S3.TargetEndpoint == "http://127.0.0.1:9090" && f.Sinks.S3.Bucket == "reelcheck" && f.Sinks.S3.SecretKey == "$REELCHECK_S3_SECRET_KEY"
		}, []string{"http://127.0.0.1:9080 (any path works", "bucket reelcheck at http://127.0.0.1:9090", "secret key as in $REELCHECK_S3_SECRET_KEY", "private addresses"}},
		"two customers": {Answers{URL: "http://localhost:8080", ApplicationID: "a1", PrivateKey: key, APIKey: "100", CallbackListen: none, Events: "yes",
			Foreign: foreign{"a2", key, "200", ""}}, func(f config.File) bool {
			c := f.Applications["foreign"]
			return f.Has(config.Events) && c.ApplicationID == "a2" && c.PrivateKeyFile == "private.key" && c.APIKey == "200" && c.APISecret == "$REELCHECK_FOREIGN_API_SECRET"
		}, []string{"export REELCHECK_FOREIGN_API_SECRET"}},
		"publishes elsewhere": {Answers{URL: "http://127.0.0.1:8080", APIKey: "100", Events: "yes", Publisher: PublishElsewhere, WHIPURL: "{{url}}/rooms/{{sessionId}}/whip", EventsURL: "wss://e.example/{{sessionId}}"},
			func(f config.File) bool {
				w := f.Publisher.WHIP
				return f.Publisher.Driver == "whip" && w.Publish.URL == "{{url}}/rooms/{{sessionId}}/whip" && w.Events.URL == "wss://e.example/{{sessionId}}"
			}, nil},
		"publishes by a program": {Answers{URL: "http://127.0.0.1:8080", APIKey: "100", Publisher: "command", Command: "./adapter --log x"}, func(f config.File) bool {
			return f.Publisher.Driver == "command" && strings.Join(f.Publisher.Command.Run, "|") == "./adapter|--log|x"
		}, nil},
		"publishes by a browser": {Answers{URL: "http://127.0.0.1:8080", APIKey: "100", Publisher: "browser"}, func(f config.File) bool { return f.Publisher.Driver == "browser" }, nil},
		"far away": {Answers{URL: "https://video.example.com/api", Name: "it: #1", Organisation: `"Ex" & ${HOME}`, Product: "- x", Version: "1.0", Contact: "a@b.c", APIKey: "100",
			CallbackURL: "https://hooks.example.com/x", Files: FilesInBucket, Endpoint: "https://s3.example.com", Region: "eu-west-1", Bucket: "b", AccessKey: "k", SecretKey: "S",
			Capabilities: "vp9, events"}, func(f config.File) bool {
			return f.Name == "it: #1" && f.Organisation == `"Ex" & ${HOME}` && f.Product == "- x" && f.Version == "1.0" && f.Contact == "a@b.c" &&
				f.Sinks.Webhook.Listen == "0.0.0.0:9080" && f.Sinks.S3.Driver == "own" && f.Sinks.S3.Region == "eu-west-1" && f.Has(config.VP9, config.Events) && !f.Has(config.VP8)
		}, []string{"https://hooks.example.com/x", "bucket b at https://s3.example.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.answers
			err := a.Settle()
			b, failed := a.Render(dir, "./target.schema.json")
			if err := errors.Join(err, failed); err != nil {
				t.Fatal(err)
			}
			f, err := config.DecodeWith(bytes.NewReader(b), func(name string) (string, bool) { return "$" + name, true })
			if err != nil || !c.check(f) {
				t.Errorf("%v, %+v\n%s", err, f, b)
			}
			if !strings.HasPrefix(string(b), "# yaml-language-server: $schema=./target.schema.json\n") {
				t.Error("editors do not find the schema")
			}
			var out strings.Builder
			a.Advise(&out, "target.yaml")
			for _, want := range append(c.advice, "conform doctor --target target.yaml") {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q lacks %q", out.String(), want)
				}
			}
		})
	}
}

func TestSettleRefuses(t *testing.T) {
	dir := t.TempDir()
	key := keyFile(t, dir)
	broken := filepath.Join(dir, "broken.key")
	if err := os.WriteFile(broken, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := func() Answers { return Answers{URL: "http://127.0.0.1:8080", APIKey: "100"} }
	for name, c := range map[string]struct {
		spoil func(*Answers)
		want  string
	}{
		"no URL":             {func(a *Answers) { a.URL = "" }, "--url: missing"},
		"relative URL":       {func(a *Answers) { a.URL = "/v2" }, "--url: "},
		"no identity":        {func(a *Answers) { a.APIKey = "" }, "--api-key: missing"},
		"none at all":        {func(a *Answers) { a.ApplicationID, a.APIKey = none, none }, "--api-key: missing: an API key: there is no application id"},
		"no foreign key":     {func(a *Answers) { a.ApplicationID, a.PrivateKey, a.Foreign.ApplicationID = "x", key, "y" }, "--foreign-private-key: missing"},
		"foreign of none":    {func(a *Answers) { a.Foreign.ApplicationID = "y" }, "--foreign-application-id: "},
		"no word for events": {func(a *Answers) { a.Events = "perhaps" }, "--events: "},
		"no key":             {func(a *Answers) { a.ApplicationID = "x" }, "--private-key: missing"},
		"no key file":        {func(a *Answers) { a.ApplicationID, a.PrivateKey = "x", dir+"/none" }, "--private-key: private key of application x"},
		"broken key":         {func(a *Answers) { a.ApplicationID, a.PrivateKey = "x", broken }, "not PEM"},
		"key of nobody":      {func(a *Answers) { a.PrivateKey = broken }, "--private-key: "},
		"a word for digits":  {func(a *Answers) { a.APIKey = "abc" }, "--api-key: "},
		"a secret":           {func(a *Answers) { a.APISecret = "hush-hush" }, "--api-secret-variable: want the name"},
		"any port":           {func(a *Answers) { a.CallbackListen = "127.0.0.1:0" }, "--callback-listen: "},
		"unreachable":        {func(a *Answers) { a.CallbackListen = "0.0.0.0:80" }, "--callback-url: missing"},
		"files nowhere":      {func(a *Answers) { a.Files = "nowhere" }, "--files: "},
		"bucket unnamed":     {func(a *Answers) { a.Files, a.Endpoint = FilesInBucket, "http://s3" }, "--s3-bucket: missing"},
		"bucket for nothing": {func(a *Answers) { a.Bucket = "b" }, "--s3-bucket: "},
		"capability":         {func(a *Answers) { a.Capabilities = "s4" }, "--capabilities: "},
		"control":            {func(a *Answers) { a.Capabilities = "control" }, "--capabilities: control"},
		"publishes nowhere":  {func(a *Answers) { a.Publisher = PublishElsewhere }, "--whip-url: missing"},
		"two lines":          {func(a *Answers) { a.Name = "a\nurl: b" }, "--name: "},
	} {
		t.Run(name, func(t *testing.T) {
			a := good()
			c.spoil(&a)
			err := a.Settle()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "hush-hush") {
				t.Error("a secret is shown")
			}
		})
	}
}
