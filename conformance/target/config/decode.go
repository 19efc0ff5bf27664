package config

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

	"go.yaml.in/yaml/v3"
)

// ReadFile decodes a target file. Relative paths in it are relative to its directory. A relative launch command is
// relative to the current directory, as in a shell.
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
		errs = append(errs, errors.New("sinks.webhook.image: missing; driver container needs it"))
	}
	for _, need := range []struct{ driver, field, value string }{
		{"process", "binary", s.Binary}, {"container", "image", s.Image}, {"own", "endpoint", s.Endpoint},
		{"own", "bucket", s.Bucket}, {"own", "accessKey", s.AccessKey}, {"own", "secretKey", s.SecretKey},
	} {
		if s.Driver == need.driver && need.value == "" {
			errs = append(errs, fmt.Errorf("sinks.s3.%s: missing; driver %s needs it", need.field, need.driver))
		}
	}
	a := f.Sinks.Azure
	for _, need := range []struct{ driver, field, value string }{
		{"process", "command", strings.Join(a.Command, " ")}, {"container", "image", a.Image}, {"own", "endpoint", a.Endpoint},
		{"own", "account", a.Account}, {"own", "key", a.Key}, {"own", "container", a.Container},
	} {
		if a.Driver == need.driver && need.value == "" {
			errs = append(errs, fmt.Errorf("sinks.azure.%s: missing; driver %s needs it", need.field, need.driver))
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

// DecodeReady reads a ready line.
func DecodeReady(b []byte) (Credentials, error) {
	var c Credentials
	if err := json.Unmarshal(b, &c); err != nil {
		return c, fmt.Errorf("ready line is not the expected JSON: %w", err)
	}
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" {
		return c, fmt.Errorf("ready line: url %q is not absolute", c.URL)
	}
	return c, nil
}
