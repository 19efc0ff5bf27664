// Package target is the implementation under test as the suite sees it: a target file that describes it, a
// process if the suite launches it, credentials, and clients whose every exchange becomes evidence.
package target

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Capability is something a target declares it can do. A clause that needs an undeclared one is not applicable.
type Capability string

// The vocabulary of capabilities, that of the ledger; anything else in a target file is an error.
const (
	Control      Capability = "control"
	Callback     Capability = "callback"
	Events       Capability = "events"
	S3           Capability = "s3"
	Azure        Capability = "azure"
	Cloud        Capability = "cloud"
	Fallback     Capability = "fallback"
	Email        Capability = "email"
	Unified      Capability = "unified"
	Legacy       Capability = "legacy"
	Individual   Capability = "individual"
	Auto         Capability = "auto"
	Manual       Capability = "manual-streams"
	Simultaneous Capability = "simultaneous"
	Layout       Capability = "layout"
	Bitrate      Capability = "bitrate"
	QP           Capability = "qp"
	FHD          Capability = "fhd"
	Rotation     Capability = "rotation"
	Faults       Capability = "faults"
	Encryption   Capability = "encryption"
	SSE          Capability = "sse"
	Signing      Capability = "signing"
	Monitoring   Capability = "monitoring"
	VP8          Capability = "vp8"
	VP9          Capability = "vp9"
	H264         Capability = "h264"
)

// Capabilities lists the whole vocabulary.
var Capabilities = []Capability{
	Control, Callback, Events, S3, Azure, Cloud, Fallback, Email, Unified, Legacy, Individual, Auto, Manual,
	Simultaneous, Layout, Bitrate, QP, FHD, Rotation, Faults, Encryption, SSE, Signing, Monitoring, VP8, VP9, H264,
}

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

// ReadFile decodes a target file. Relative paths in it are relative to its directory; a relative launch
// command is relative to the current directory, as in a shell.
func ReadFile(path string) (File, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return File{}, fmt.Errorf("target file: %w", err)
	}
	f, err := Decode(bytes.NewReader(b))
	if err != nil {
		return File{}, fmt.Errorf("target file %q: %w", path, err)
	}
	base := filepath.Dir(path)
	f.Ready = under(base, f.Ready)
	if f.Credentials != nil {
		f.Credentials.PrivateKeyFile = under(base, f.Credentials.PrivateKeyFile)
	}
	for role, c := range f.Applications {
		c.PrivateKeyFile = under(base, c.PrivateKeyFile)
		f.Applications[role] = c
	}
	return f, nil
}

func under(base, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(base, path)
}

// Decode reads a target file strictly: unknown keys, unknown values and contradictions are errors.
func Decode(r io.Reader) (File, error) {
	var f File
	dec := yaml.NewDecoder(r)
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		return File{}, err
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return File{}, errors.New("more than one YAML document")
	}
	f.defaults()
	return f, f.validate()
}

func (f *File) defaults() {
	if f.Time == "" {
		f.Time = Real
		if f.Has(Control) {
			f.Time = Virtual
		}
	}
	if f.Publisher.Driver == "" {
		f.Publisher.Driver = "whip"
	}
	if f.Sinks.S3.Driver == "" {
		f.Sinks.S3.Driver = "in-process"
	}
	if f.Sinks.Webhook.Driver == "" {
		f.Sinks.Webhook.Driver = "in-process"
	}
	for _, listen := range []*string{&f.Sinks.Webhook.Listen, &f.Sinks.S3.Listen, &f.Sinks.Azure.Listen, &f.Sinks.Mail.Listen} {
		if *listen == "" {
			*listen = "127.0.0.1:0"
		}
	}
}

// Has reports whether the target declares all of need.
func (f File) Has(need ...Capability) bool {
	return f.Missing(need...) == ""
}

// Missing is the first of need that is not declared, or "".
func (f File) Missing(need ...Capability) Capability {
	for _, c := range need {
		if !slices.Contains(f.Capabilities, c) {
			return c
		}
	}
	return ""
}

func (f File) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if places := f.places(); places != 1 {
		bad("want exactly one of launch, ready and url, found %d", places)
	}
	if f.Launch != nil && len(f.Launch.Command) == 0 {
		bad("launch.command: want at least the program")
	}
	if f.URL != "" && f.Credentials == nil && len(f.Applications) == 0 {
		bad("url: want credentials or applications with it")
	}
	for i, c := range f.Capabilities {
		if !slices.Contains(Capabilities, c) {
			bad("capabilities: unknown %q, want some of %v", c, Capabilities)
		}
		if slices.Contains(f.Capabilities[:i], c) {
			bad("capabilities: %q twice", c)
		}
	}
	oneOf := func(field, got string, want ...string) {
		if !slices.Contains(want, got) {
			bad("%s: %q, want one of %s", field, got, strings.Join(want, ", "))
		}
	}
	oneOf("time", string(f.Time), string(Virtual), string(Real), string(Deferred))
	oneOf("publisher.driver", f.Publisher.Driver, "whip")
	oneOf("sinks.webhook.driver", f.Sinks.Webhook.Driver, "in-process", "container")
	oneOf("sinks.s3.driver", f.Sinks.S3.Driver, "in-process", "process", "container", "own")
	if f.Has(Azure) {
		oneOf("sinks.azure.driver", f.Sinks.Azure.Driver, "process", "container", "own")
	}
	if f.Time == Virtual && !f.Has(Control) {
		bad("time: virtual needs the capability control")
	}
	errs = append(errs, f.validateSinks()...)
	for _, role := range slices.Sorted(maps.Keys(f.Applications)) {
		if f.Applications[role].ApplicationID == "" && f.Applications[role].APIKey == "" {
			bad("applications.%s: want an applicationId or an apiKey", role)
		}
	}
	return errors.Join(errs...)
}

func (f File) places() int {
	n := 0
	for _, set := range []bool{f.Launch != nil, f.Ready != "", f.URL != ""} {
		if set {
			n++
		}
	}
	return n
}

func (f File) validateSinks() []error {
	var errs []error
	s := f.Sinks.S3
	if f.Sinks.Webhook.Driver == "container" && f.Sinks.Webhook.Image == "" {
		errs = append(errs, errors.New("sinks.webhook.image: driver container needs it"))
	}
	for _, need := range []struct{ driver, field, value string }{
		{"process", "binary", s.Binary}, {"container", "image", s.Image}, {"own", "endpoint", s.Endpoint},
		{"own", "bucket", s.Bucket}, {"own", "accessKey", s.AccessKey}, {"own", "secretKey", s.SecretKey},
	} {
		if s.Driver == need.driver && need.value == "" {
			errs = append(errs, fmt.Errorf("sinks.s3.%s: driver %s needs it", need.field, need.driver))
		}
	}
	a := f.Sinks.Azure
	for _, need := range []struct{ driver, field, value string }{
		{"process", "command", strings.Join(a.Command, " ")}, {"container", "image", a.Image}, {"own", "endpoint", a.Endpoint},
		{"own", "account", a.Account}, {"own", "key", a.Key}, {"own", "container", a.Container},
	} {
		if a.Driver == need.driver && need.value == "" {
			errs = append(errs, fmt.Errorf("sinks.azure.%s: driver %s needs it", need.field, need.driver))
		}
	}
	for field, addr := range map[string]string{"sinks.webhook.listen": f.Sinks.Webhook.Listen, "sinks.s3.listen": s.Listen,
		"sinks.azure.listen": a.Listen, "sinks.mail.listen": f.Sinks.Mail.Listen} {
		if _, err := netip.ParseAddrPort(addr); err != nil {
			errs = append(errs, fmt.Errorf("%s: %q, want an address and a port such as 127.0.0.1:0", field, addr))
		}
	}
	for field, u := range map[string]string{"url": f.URL, "sinks.webhook.url": f.Sinks.Webhook.URL, "sinks.s3.endpoint": s.Endpoint,
		"sinks.azure.endpoint": a.Endpoint} {
		if p, err := url.Parse(u); u != "" && (err != nil || p.Host == "" || p.Scheme != "http" && p.Scheme != "https") {
			errs = append(errs, fmt.Errorf("%s: %q, want an http or https URL", field, u))
		}
	}
	return errs
}

// decodeReady reads a ready line.
func decodeReady(b []byte) (Credentials, error) {
	var c Credentials
	if err := json.Unmarshal(b, &c); err != nil {
		return c, fmt.Errorf("ready line is not the expected JSON: %w", err)
	}
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" {
		return c, fmt.Errorf("ready line: url %q is not absolute", c.URL)
	}
	return c, nil
}
