// Package config reads the target file, in which a team describes its server: what it can do, how to reach or start it,
// and with which credentials.
package config

import (
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// TimeMode is the way in which clauses about long times are verified.
type TimeMode string

const (
	Virtual  TimeMode = "virtual"  // by the clock of the control API
	Real     TimeMode = "real"     // by waiting
	Deferred TimeMode = "deferred" // by a pledge that a later run verifies
)

// File is a target file. Exactly one of Launch, Ready and URL must be set; it says where the target is.
type File struct {
	// Name appears in reports.
	Name string `yaml:"name"`
	// Launch starts the target. The first line on its stdout must be the ready line.
	Launch *Launch `yaml:"launch"`
	// Ready is the path of a file with the ready line of a running target.
	Ready string `yaml:"ready"`
	// URL is the base URL of the REST API of a running target. Credentials must be set with it.
	URL         string       `yaml:"url"`
	Credentials *Credentials `yaml:"credentials"`

	Capabilities []Capability `yaml:"capabilities"`
	Time         TimeMode     `yaml:"time"` // default: virtual with the control API, otherwise real
	Publisher    Publisher    `yaml:"publisher"`
	Sinks        Sinks        `yaml:"sinks"`
	// Applications prepared by hand, by role ("default", "foreign", "cloud"), for targets without control.
	Applications map[string]Credentials `yaml:"applications"`
	// RequestTimeout limits one REST exchange; the default is 10s.
	RequestTimeout Duration `yaml:"requestTimeout"`
}

// Launch is the command of a child process. In an argument, {{tempdir}} is a new directory that is removed afterwards,
// and {{mail}} the host:port of the mail sink.
type Launch struct {
	Command []string          `yaml:"command"`
	Dir     string            `yaml:"dir"`
	Env     map[string]string `yaml:"env"`
	// ReadyWithin limits the wait for the ready line; the default is 30s.
	ReadyWithin Duration `yaml:"readyWithin"`
}

// Publisher selects how clients publish: driver "whip", the only one so far.
type Publisher struct {
	Driver string `yaml:"driver"`
}

// Sinks configures what the target delivers to.
type Sinks struct {
	Webhook WebhookSink `yaml:"webhook"`
	S3      S3Sink      `yaml:"s3"`
	Azure   AzureSink   `yaml:"azure"`
	Mail    MailSink    `yaml:"mail"`
}

// AzureSink selects the Azure account to which the target uploads.
type AzureSink struct {
	// Driver is process, container or own. It is needed for the capability azure.
	Driver string `yaml:"driver"`
	// Listen is the host:port for driver process; the default is 127.0.0.1:0.
	Listen string `yaml:"listen"`
	// Command is the command of Azurite's blob service for driver process: [azurite-blob] or [node, FILE].
	Command []string `yaml:"command"`
	// Image is the Azurite image for driver container, preferably by digest.
	Image string `yaml:"image"`
	// Endpoint is the parent URL of the account as the suite reaches it, for driver own.
	Endpoint string `yaml:"endpoint"`
	// TargetEndpoint is the same URL as the target reaches it; the default is Endpoint.
	TargetEndpoint string `yaml:"targetEndpoint"`
	Account        string `yaml:"account"` // for driver own, like the next two; other drivers make their own
	Key            string `yaml:"key"`
	Container      string `yaml:"container"`
}

// MailSink configures the suite's SMTP server.
type MailSink struct {
	// Listen is a host:port; the default is 127.0.0.1:0. A launched target gets it by {{mail}} in an argument.
	Listen string `yaml:"listen"`
}

// WebhookSink configures the suite's webhook receiver.
type WebhookSink struct {
	// Driver is in-process (default) or container.
	Driver string `yaml:"driver"`
	// Image is the image of the receiver for driver container.
	Image string `yaml:"image"`
	// Listen is a host:port; the default is 127.0.0.1:0.
	Listen string `yaml:"listen"`
	// URL is the URL of the receiver as the target reaches it; the default is http://<listen address>.
	URL string `yaml:"url"`
}

// S3Sink selects the object store to which the target uploads.
type S3Sink struct {
	// Driver is in-process (default), process, container or own.
	Driver string `yaml:"driver"`
	// Listen is the host:port of the store for driver in-process or process; the default is 127.0.0.1:0.
	Listen string `yaml:"listen"`
	// Binary is the MinIO executable for driver process.
	Binary string `yaml:"binary"`
	// Image is the MinIO image for driver container, preferably by digest.
	Image string `yaml:"image"`
	// Endpoint is the URL of the store as the suite reaches it, for driver own.
	Endpoint string `yaml:"endpoint"`
	// TargetEndpoint is the same URL as the target reaches it; the default is Endpoint.
	TargetEndpoint string `yaml:"targetEndpoint"`
	Region         string `yaml:"region"`
	Bucket         string `yaml:"bucket"` // for driver own; other drivers make buckets
	AccessKey      string `yaml:"accessKey"`
	SecretKey      string `yaml:"secretKey"`
}

// Credentials are the content of a ready line, and what a target file states for an application.
type Credentials struct {
	URL            string `yaml:"url" json:"url"`
	ApplicationID  string `yaml:"applicationId" json:"applicationId"`
	PrivateKeyFile string `yaml:"privateKeyFile" json:"privateKeyFile"`
	APIKey         Key    `yaml:"apiKey" json:"apiKey"`
	APISecret      string `yaml:"apiSecret" json:"apiSecret"`
	ControlToken   string `yaml:"controlToken" json:"controlToken"`
}

// Key is an API key: digits, written as a number or as a string.
type Key string

func (k *Key) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if s == "null" {
		s = ""
	}
	if strings.Trim(s, "0123456789") != "" {
		return fmt.Errorf("apiKey %s: want digits", b)
	}
	*k = Key(s)
	return nil
}

// Duration is a duration written as in Go: 500ms, 10s, 1h.
type Duration time.Duration

func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := time.ParseDuration(n.Value)
	if err != nil || v <= 0 {
		return fmt.Errorf("line %d: duration %q: want a positive one such as 500ms or 10s", n.Line, n.Value)
	}
	*d = Duration(v)
	return nil
}

// Or returns d, or def when d is not set.
func (d Duration) Or(def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return time.Duration(d)
}
