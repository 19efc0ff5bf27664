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

// LongestWait is how long a scenario may wait unless a target file or a flag says otherwise. It is enough for every rule about
// a minute, also for a client who comes back within the minute, and the next rules take ten minutes and an hour.
const LongestWait = 5 * time.Minute

// RequestTimeout is the limit of one exchange unless a target file says otherwise.
const RequestTimeout = 10 * time.Second

// File is a target file. Exactly one of Launch, Ready and URL must be set; it says where the target is.
type File struct {
	// Name is a short name of the target, for the headline of reports.
	Name string `yaml:"name"`
	// Organisation makes the implementation.
	Organisation string `yaml:"organisation"`
	// Product is the name of the implementation.
	Product string `yaml:"product"`
	// Version is the version of the product.
	Version string `yaml:"version"`
	// Contact is a mail address or a URL for questions about the report.
	Contact string `yaml:"contact"`

	// Launch starts the target. The first line on its stdout must be the ready line.
	Launch *Launch `yaml:"launch" secret:"environment"`
	// Ready is the path of a file with the ready line of a running target.
	Ready string `yaml:"ready"`
	// URL is the base URL of the REST API of a running target. Credentials must be set with it.
	URL string `yaml:"url"`
	// Credentials hold the identifiers and secrets of the default application.
	Credentials *Credentials `yaml:"credentials"`

	// Capabilities lists what the target can do. Clauses that need another capability are not applicable.
	Capabilities []Capability `yaml:"capabilities"`
	// Time says how clauses about long times are verified; the default is virtual with the control API, otherwise real.
	Time TimeMode `yaml:"time"`
	// LongestWait limits how long one scenario waits, for times real and deferred; the default is 5m.
	LongestWait Duration `yaml:"longestWait"`
	// Publisher says how clients publish.
	Publisher Publisher `yaml:"publisher" secret:"environment"`
	// Sinks say what the target delivers to.
	Sinks Sinks `yaml:"sinks"`
	// Applications prepared by hand, for targets without control, by role: default, foreign, cloud, azure, unreachable, encryption,
	// h264 or vp9; conformance/README.md says what each is for.
	Applications map[string]Credentials `yaml:"applications"`
	// RequestTimeout limits one REST exchange; the default is 10s.
	RequestTimeout Duration `yaml:"requestTimeout"`

	// Secrets must not be shown by evidence or reports.
	Secrets []Secret `yaml:"-"`
}

// Launch is the command of a child process. In an argument, {{tempdir}} is a new directory that is removed afterwards,
// and {{mail}} the host:port of the mail sink.
type Launch struct {
	// Command is the program with its arguments.
	Command []string `yaml:"command"`
	// Dir is the directory that it runs in; the default is the current one.
	Dir string `yaml:"dir"`
	// Env holds environment variables that are added to those of the suite.
	Env map[string]string `yaml:"env"`
	// ReadyWithin limits the wait for the ready line; the default is 30s.
	ReadyWithin Duration `yaml:"readyWithin"`
}

// Sinks configures what the target delivers to.
type Sinks struct {
	// Webhook is the receiver of callbacks.
	Webhook WebhookSink `yaml:"webhook"`
	// S3 is the object store of the capability s3.
	S3 S3Sink `yaml:"s3"`
	// Azure is the account of the capability azure.
	Azure AzureSink `yaml:"azure"`
	// Mail is the mail server of the capability email.
	Mail MailSink `yaml:"mail"`
}

// AzureSink selects the Azure account to which the target uploads.
type AzureSink struct {
	// Driver is needed for the capability azure.
	Driver string `yaml:"driver" jsonschema:"enum=process,enum=container,enum=own"`
	// Listen is the host:port for driver process; the default is 127.0.0.1:0.
	Listen string `yaml:"listen"`
	// Command is the command of Azurite's blob service for driver process: [azurite-blob] or [node, FILE].
	Command []string `yaml:"command"`
	// Image is the Azurite image for driver container, preferably by digest.
	Image string `yaml:"image"`
	// Endpoint is the parent URL of the account as the suite reaches it, for driver own.
	Endpoint string `yaml:"endpoint"`
	// TargetEndpoint is the URL by which the target reaches the store, if it differs from endpoint.
	TargetEndpoint string `yaml:"targetEndpoint"`
	// Account is the name of the account, for driver own. Other drivers make one.
	Account string `yaml:"account"`
	// Key is the key of the account, for driver own.
	Key string `yaml:"key" secret:"always"`
	// Container is the container that the target uploads to, for driver own.
	Container string `yaml:"container"`
}

// MailSink configures the suite's SMTP server.
type MailSink struct {
	// Listen is a host:port; the default is 127.0.0.1:0. A launched target gets it by {{mail}} in an argument.
	Listen string `yaml:"listen"`
}

// WebhookSink configures the suite's webhook receiver.
type WebhookSink struct {
	// Driver says where the receiver runs; the default is in-process.
	Driver string `yaml:"driver" jsonschema:"enum=in-process,enum=container"`
	// Image is the image of the receiver for driver container.
	Image string `yaml:"image"`
	// Listen is the address and port of the receiver; the default is 127.0.0.1:0, another port in every run. Without the
	// control API choose one, so that it can be set in the console of the target.
	Listen string `yaml:"listen"`
	// URL is the URL of the receiver as the target reaches it, for example of a tunnel; the default is http://{listen}. Without
	// the control API it is the callback URL to set in the console of the target, with any path.
	URL string `yaml:"url"`
}

// leastKeys returns the shortest access key and secret key that the store takes, in characters: the limits of MinIO.
func (s S3Sink) leastKeys() [2]int {
	switch s.Driver {
	case "own":
		return [2]int{}
	case "process", "container":
		return [2]int{3, 8}
	}
	return [2]int{3, 1}
}

// Direct reports whether the target reaches the store without passing by the suite, which then cannot refuse its requests.
func (s S3Sink) Direct() bool {
	return s.Driver == "own" || s.Driver == "container" && s.TargetEndpoint != ""
}

// S3Sink selects the object store to which the target uploads.
type S3Sink struct {
	// Driver is what stores the objects: a store in the suite's process (the default), MinIO as process or container, or your
	// own service.
	Driver string `yaml:"driver" jsonschema:"enum=in-process,enum=process,enum=container,enum=own"`
	// Listen is the address and port at which the target reaches the store, unless it is your own; the default is 127.0.0.1:0,
	// another port in every run.
	Listen string `yaml:"listen"`
	// Binary is the MinIO executable for driver process.
	Binary string `yaml:"binary"`
	// Image is the MinIO image for driver container, preferably by digest.
	Image string `yaml:"image"`
	// Endpoint is the URL of the store as the suite reaches it, for driver own.
	Endpoint string `yaml:"endpoint"`
	// TargetEndpoint is the URL by which the target reaches the store, if it differs from endpoint.
	TargetEndpoint string `yaml:"targetEndpoint"`
	// Region is the region of the store; the default is us-east-1.
	Region string `yaml:"region"`
	// Bucket is the bucket that prepared applications upload to; driver own needs it, the others make it. With the control
	// API drivers other than own make one for each application instead.
	Bucket string `yaml:"bucket"`
	// AccessKey is the access key of the bucket; the default of drivers other than own is reelcheck, and they want 3 characters or more.
	AccessKey string `yaml:"accessKey"`
	// SecretKey is the secret key of the bucket; drivers other than own make one if it is missing. MinIO wants 8 characters or more.
	SecretKey string `yaml:"secretKey" secret:"always"`
}

// Credentials are the content of a ready line, and what a target file states for an application.
type Credentials struct {
	// URL is the base URL of a ready line. In a target file it stands at the top instead.
	URL string `yaml:"url" json:"url"`
	// ApplicationID is the id of the application, for the capability unified.
	ApplicationID string `yaml:"applicationId" json:"applicationId"`
	// PrivateKeyFile is the path of the application's RSA private key (PEM), absolute or relative to the target file.
	PrivateKeyFile string `yaml:"privateKeyFile" json:"privateKeyFile"`
	// APIKey is the API key of the application, for the capability legacy.
	APIKey Key `yaml:"apiKey" json:"apiKey"`
	// APISecret is the secret of the API key.
	APISecret string `yaml:"apiSecret" json:"apiSecret" secret:"always"`
	// ControlToken is the bearer token of the control API.
	ControlToken string `yaml:"controlToken" json:"controlToken" secret:"always"`
	// File is a JSON file with applicationId, privateKey (PEM), apiKey and apiSecret, in place of them. It must be there when
	// conform begins; only a target that is launched may make it later.
	File string `yaml:"file" json:"-"`
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
