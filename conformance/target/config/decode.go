package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"reelcheck/conformance/bounded"
)

// sizeLimit is the largest target file in bytes.
const sizeLimit = 1 << 20

// ReadFile decodes a target file. Relative paths in it are relative to its directory. A relative launch command is
// relative to the current directory, as in a shell.
func ReadFile(path string) (File, error) {
	b, err := bounded.File(path, sizeLimit)
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
	f.Publisher.Browser.Page = under(base, f.Publisher.Browser.Page)
	for role, c := range f.Applications {
		c.PrivateKeyFile, c.File = under(base, c.PrivateKeyFile), under(base, c.File)
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

// Decode reads a target file strictly: unknown keys, unknown values and contradictions are errors. In every value,
// ${NAME} stands for that environment variable, and $${ for ${.
func Decode(r io.Reader) (File, error) { return DecodeWith(r, os.LookupEnv) }

// DecodeWith is Decode with other environment variables.
func DecodeWith(r io.Reader, lookup func(string) (string, bool)) (f File, err error) {
	dec := yaml.NewDecoder(r)
	var doc yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return f, errors.New("it is empty")
	} else if err != nil {
		return f, err
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return f, errors.New("more than one YAML document")
	}
	w := walk{lookup: lookup, expanded: map[*yaml.Node][]Secret{}, seen: map[visit]bool{}}
	w.node(doc.Content[0], reflect.TypeFor[File](), place{})
	if len(w.errs) > 0 {
		return f, errors.Join(w.errs...)
	}
	if err := doc.Decode(&f); err != nil {
		return f, err
	}
	f.Secrets = w.secrets
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
	f.Publisher.defaults()
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
			var names []string
			for _, known := range Capabilities {
				names = append(names, string(known))
			}
			bad("capabilities: unknown %q, %s", c, meant(string(c), names))
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
	oneOf("sinks.webhook.driver", f.Sinks.Webhook.Driver, "in-process", "container")
	oneOf("sinks.s3.driver", f.Sinks.S3.Driver, "in-process", "process", "container", "own")
	if f.Has(Azure) {
		oneOf("sinks.azure.driver", f.Sinks.Azure.Driver, "process", "container", "own")
	}
	if f.Time == Virtual && !f.Has(Control) {
		bad("time: virtual needs the capability control")
	}
	errs = append(errs, f.Publisher.validate())
	if f.Time == Deferred && (f.Has(Control) || f.Launch != nil) {
		bad("time: deferred needs a server and applications that outlive the run; leave out launch and the capability control")
	}
	errs = append(errs, f.validateSinks()...)
	return errors.Join(append(errs, f.validateApplications()...)...)
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
	if least := s.leastKeys(); s.AccessKey != "" && len(s.AccessKey) < least[0] {
		errs = append(errs, fmt.Errorf("sinks.s3.accessKey: %q is too short, want at least %d characters", s.AccessKey, least[0]))
	} else if s.SecretKey != "" && len(s.SecretKey) < least[1] {
		errs = append(errs, fmt.Errorf("sinks.s3.secretKey: too short, want at least %d characters", least[1]))
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
	for _, listen := range []struct{ field, addr, public, value string }{
		{"sinks.webhook.listen", f.Sinks.Webhook.Listen, "sinks.webhook.url", f.Sinks.Webhook.URL}, {"sinks.s3.listen", s.Listen, "sinks.s3.targetEndpoint", s.TargetEndpoint},
		{"sinks.azure.listen", a.Listen, "", ""}, {"sinks.mail.listen", f.Sinks.Mail.Listen, "", ""},
	} {
		switch at, err := netip.ParseAddrPort(listen.addr); {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %q, want an address and a port such as 127.0.0.1:0", listen.field, listen.addr))
		case at.Addr().IsUnspecified() && listen.public != "" && listen.value == "":
			errs = append(errs, fmt.Errorf("%s: missing; the target cannot reach %s, where %s listens", listen.public, listen.addr, listen.field))
		}
	}
	for field, u := range map[string]string{"url": f.URL, "sinks.webhook.url": f.Sinks.Webhook.URL, "sinks.s3.endpoint": s.Endpoint,
		"sinks.s3.targetEndpoint": s.TargetEndpoint, "sinks.azure.endpoint": a.Endpoint, "sinks.azure.targetEndpoint": a.TargetEndpoint} {
		p, err := url.Parse(u)
		switch {
		case u == "":
		case err != nil || p.Host == "" || p.Scheme != "http" && p.Scheme != "https":
			errs = append(errs, fmt.Errorf("%s: %q, want an http or https URL", field, u))
		case p.User != nil: // reports show it
			errs = append(errs, fmt.Errorf("%s: %q, want a URL without user and password", field, p.Redacted()))
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
