// Package config reads the target file, in which a team describes its server: what it can do, how to reach or start it, and with
// which credentials.
package config

import (
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// TimeMode is how clauses about long times are verified.
type TimeMode string

const (
	Virtual  TimeMode = "virtual"  // by the control API's clock
	Real     TimeMode = "real"     // by waiting
	Deferred TimeMode = "deferred" // by a pledge, redeemed later
)

// File is a target file. Exactly one of Launch, Ready and URL says where the target is.
type File struct {
	// Name appears in reports.
	Name string `yaml:"name"`
	// Launch starts the target; its first line on stdout is the ready line.
	Launch *Launch `yaml:"launch"`
	// Ready is a file that holds the ready line of a running target.
	Ready string `yaml:"ready"`
	// URL is the base of the REST API of a running target; Credentials goes with it.
	URL         string       `yaml:"url"`
	Credentials *Credentials `yaml:"credentials"`

	Capabilities []Capability `yaml:"capabilities"`
	Time         TimeMode     `yaml:"time"` // default: virtual with control, otherwise real
	Publisher    Publisher    `yaml:"publisher"`
	Sinks        Sinks        `yaml:"sinks"`
	// Applications prepared by hand, by role ("default", "foreign", "cloud"), for targets without control.
	Applications map[string]Credentials `yaml:"applications"`
	// RequestTimeout bounds one REST exchange; default 10s.
	RequestTimeout Duration `yaml:"requestTimeout"`
}

// Launch is a child process. {{tempdir}} in an argument is a fresh directory that is removed afterwards, {{mail}} the host:port
// of the mail sink.
type Launch struct {
	Command []string          `yaml:"command"`
	Dir     string            `yaml:"dir"`
	Env     map[string]string `yaml:"env"`
	// ReadyWithin bounds the wait for the ready line; default 30s.
	ReadyWithin Duration `yaml:"readyWithin"`
}

// Publisher chooses how a client is made to publish: driver "whip", the only one so far.
type Publisher struct {
	Driver string `yaml:"driver"`
}

// Sinks are where the target delivers to.
type Sinks struct {
	Webhook WebhookSink `yaml:"webhook"`
	S3      S3Sink      `yaml:"s3"`
	Azure   AzureSink   `yaml:"azure"`
	Mail    MailSink    `yaml:"mail"`
}

// AzureSink chooses the Azure account the target uploads to.
type AzureSink struct {
	// Driver is process, container or own; needed with the capability azure.
	Driver string `yaml:"driver"`
	// Listen is the host:port of driver process; default 127.0.0.1:0.
	Listen string `yaml:"listen"`
	// Command is Azurite's blob service, of driver process: [azurite-blob] or [node, FILE].
	Command []string `yaml:"command"`
	// Image is the Azurite image of driver container, best by digest.
	Image string `yaml:"image"`
	// Endpoint is the account's parent as the suite reaches it (driver own).
	Endpoint string `yaml:"endpoint"`
	// TargetEndpoint is the same as the target reaches it; default the same.
	TargetEndpoint string `yaml:"targetEndpoint"`
	Account        string `yaml:"account"` // driver own, like the next two; other drivers make their own
	Key            string `yaml:"key"`
	Container      string `yaml:"container"`
}

// MailSink is our SMTP server.
type MailSink struct {
	// Listen is a host:port; default 127.0.0.1:0. A launched target is told by {{mail}} in an argument.
	Listen string `yaml:"listen"`
}

// WebhookSink is our receiver.
type WebhookSink struct {
	// Driver is in-process (default) or container.
	Driver string `yaml:"driver"`
	// Image is that of the receiver of driver container.
	Image string `yaml:"image"`
	// Listen is a host:port; default 127.0.0.1:0.
	Listen string `yaml:"listen"`
	// URL is the receiver as the target reaches it; default http://<listen address>.
	URL string `yaml:"url"`
}

// S3Sink chooses the object store the target uploads to.
type S3Sink struct {
	// Driver is in-process (default), process, container or own.
	Driver string `yaml:"driver"`
	// Listen is the in-process or process server's host:port; default 127.0.0.1:0.
	Listen string `yaml:"listen"`
	// Binary is the MinIO executable of driver process.
	Binary string `yaml:"binary"`
	// Image is the MinIO image of driver container, best by digest.
	Image string `yaml:"image"`
	// Endpoint is the store as the suite reaches it (driver own).
	Endpoint string `yaml:"endpoint"`
	// TargetEndpoint is the store as the target reaches it; default the same.
	TargetEndpoint string `yaml:"targetEndpoint"`
	Region         string `yaml:"region"`
	Bucket         string `yaml:"bucket"` // driver own; other drivers make buckets
	AccessKey      string `yaml:"accessKey"`
	SecretKey      string `yaml:"secretKey"`
}

// Credentials are what a ready line holds, and what a target file gives for an application.
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

// Duration is a time span written as in Go: 500ms, 10s, 1h.
type Duration time.Duration

func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := time.ParseDuration(n.Value)
	if err != nil || v <= 0 {
		return fmt.Errorf("line %d: duration %q: want a positive one such as 500ms or 10s", n.Line, n.Value)
	}
	*d = Duration(v)
	return nil
}

// Or is d, or def when d is not set.
func (d Duration) Or(def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return time.Duration(d)
}
