package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"reelcheck/reference/internal/api/target"
	"reelcheck/reference/internal/mail"
	"reelcheck/reference/internal/outbound"
)

// config has all settings of `archived serve`. The setting NAME is the flag --NAME, the environment variable ARCHIVED_NAME (upper case, "-" as
// "_") and the key NAME of the YAML file. The flag has priority, then the environment.
type config struct {
	Host         string
	Port         uint16
	PublicURL    string
	Data         string
	Database     string
	KeyFile      string
	ICEPort      uint16
	ICEAddresses []string
	FFmpeg       string
	Control      bool
	ControlToken string
	Metrics      bool
	AllowPrivate bool
	Patience     time.Duration
	Mail         mail.Config
	LogLevel     string
	LogFormat    string
	Application  choice
}

const envPrefix = "ARCHIVED_"

func (c *config) register(f *pflag.FlagSet) {
	f.StringVar(&c.Host, "host", "127.0.0.1", "address to listen on for HTTP")
	f.Uint16Var(&c.Port, "port", 8080, "TCP port to listen on; 0 picks a free one")
	f.StringVar(&c.PublicURL, "public-url", "", "base URL by which clients reach the server, for links and WHIP resources (default: the listening address)")
	f.StringVar(&c.Data, "data", "data", "directory for the database, recordings, keys and the built-in cloud")
	f.StringVar(&c.Database, "database", "", "postgres:// URL of a PostgreSQL database, which several servers may share (default: SQLite in the data directory)")
	f.StringVar(&c.KeyFile, "key-file", "", "file with the key (64 hex digits) that protects recordings of applications with a certificate; created when first needed; must be outside the data directory (default: the data directory's name with .key)")
	f.Uint16Var(&c.ICEPort, "ice-port", 0, "UDP port for all media; 0 picks a free one")
	f.StringSliceVar(&c.ICEAddresses, "ice-addresses", nil, "IP addresses offered to clients for media (default: those of this host)")
	f.StringVar(&c.FFmpeg, "ffmpeg", defaultFFmpeg, ffmpegHelp)
	f.BoolVar(&c.Control, "control", false, "serve the control API (adjustable clocks, isolated applications); for tests only")
	f.StringVar(&c.ControlToken, "control-token", "", "bearer token of the control API (default: a random one, printed in the ready line)")
	f.BoolVar(&c.Metrics, "metrics", true, "serve Prometheus metrics at /metrics")
	f.BoolVar(&c.AllowPrivate, "allow-private-addresses", false, "allow loopback, private and link-local addresses in callback and storage URLs")
	f.DurationVar(&c.Patience, "upload-patience", time.Minute, "how long an upload may make no progress before the attempt is given up")
	f.StringVar(&c.Mail.Address, "smtp-address", "", "host:port of the SMTP server for mail about failed uploads (default: no mail)")
	f.StringVar(&c.Mail.From, "smtp-from", "archived@localhost", "sender of mail")
	f.StringVar(&c.Mail.Username, "smtp-username", "", "login at the SMTP server (default: none)")
	f.StringVar(&c.Mail.Password, "smtp-password", "", "password of the login"+secretly)
	f.StringVar(&c.LogLevel, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&c.LogFormat, "log-format", "text", "text or json")
	for _, s := range applicationSettings() {
		f.String(s.name, "", "default application: "+s.usage)
	}
}

// fill sets every flag that is not on the command line from the environment, or else from the YAML file at path ("" = none).
func fill(f *pflag.FlagSet, path string, getenv func(string) (string, bool)) error {
	file, err := readYAML(path)
	if err != nil {
		return err
	}
	for key := range file {
		if f.Lookup(key) == nil || key == "config" {
			return fmt.Errorf("%s: unknown setting %q", path, key)
		}
	}
	var errs []error
	f.VisitAll(func(fl *pflag.Flag) {
		if fl.Changed || fl.Name == "help" || fl.Name == "config" {
			return
		}
		env := envName(fl.Name)
		if v, ok := getenv(env); ok {
			fl.Changed = true
			if err := fl.Value.Set(v); err != nil {
				errs = append(errs, fmt.Errorf("environment variable %s: %w", env, err))
			}
		} else if v, ok := file[fl.Name]; ok {
			fl.Changed = true
			if err := fl.Value.Set(v.text()); err != nil {
				errs = append(errs, fmt.Errorf("%s: %s: %w", path, fl.Name, err))
			}
		}
	})
	return errors.Join(errs...)
}

func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// setting is a YAML value: a scalar or a list of scalars.
type setting []string

func (s *setting) UnmarshalYAML(n *yaml.Node) error {
	var one string
	if n.Kind == yaml.ScalarNode && n.Decode(&one) == nil {
		*s = setting{one}
		return nil
	}
	var many []string
	if err := n.Decode(&many); err != nil {
		return fmt.Errorf("line %d: want a value or a list of values", n.Line)
	}
	*s = many
	return nil
}

func (s setting) text() string { return strings.Join(s, ",") }

func readYAML(path string) (map[string]setting, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	settings := map[string]setting{}
	if err := yaml.Unmarshal(raw, &settings); err != nil {
		return nil, fmt.Errorf("configuration file %s: %w", path, err)
	}
	return settings, nil
}

// validate returns an error that names the first invalid setting and what is allowed.
func (c *config) validate(f *pflag.FlagSet) (err error) {
	if c.Data == "" {
		return errors.New("data: a directory is required")
	}
	if u, err := url.Parse(c.Database); c.Database != "" && (err != nil || !slices.Contains([]string{"postgres", "postgresql"}, u.Scheme)) {
		return errors.New("database: a postgres:// URL is wanted") // the value is not shown, because it may hold a password
	}
	if inside, err := filepath.Rel(absolute(c.Data), absolute(filepath.Dir(c.keyFile()))); err == nil && filepath.IsLocal(inside) {
		return fmt.Errorf("key-file: %q is inside the data directory %q, which it protects; it must be elsewhere", c.KeyFile, c.Data)
	}
	if _, err := c.logLevel(); err != nil {
		return err
	}
	if !slices.Contains([]string{"text", "json"}, c.LogFormat) {
		return fmt.Errorf("log-format: %q is not text or json", c.LogFormat)
	}
	if c.PublicURL != "" && !isBase(c.PublicURL) {
		return fmt.Errorf("public-url: %q is not an http or https URL, or has a login, a query or a fragment", c.PublicURL) // they would be within every link
	}
	for _, address := range c.ICEAddresses {
		if _, err := netip.ParseAddr(address); err != nil {
			return fmt.Errorf("ice-addresses: %q is not an IP address", address)
		}
	}
	if err := c.Mail.Validate(); err != nil {
		return err
	}
	if c.ControlToken != "" && len(c.ControlToken) < 16 {
		return errors.New("control-token: at least 16 characters are required")
	}
	if c.Patience <= 0 {
		return fmt.Errorf("upload-patience: %v must be more than 0", c.Patience)
	}
	c.Application, err = choose(f, target.Rules{Guard: c.outbound()})
	return err
}

// keyFile returns the path of the key file.
func (c *config) keyFile() string {
	if c.KeyFile != "" {
		return c.KeyFile
	}
	return besideData(c.Data)
}

// besideData returns the default path of the key file.
func besideData(data string) string { return absolute(data) + ".key" }

// absolute returns the absolute path, with links resolved if the path exists, so that paths can be compared.
func absolute(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return path
}

// outbound returns where the server may connect for its users.
func (c *config) outbound() outbound.Guard { return outbound.Guard{AllowPrivate: c.AllowPrivate} }

func (c *config) logLevel() (slog.Level, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return l, fmt.Errorf("log-level: %q is not debug, info, warn or error", c.LogLevel)
	}
	return l, nil
}
