package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestOneNameThreePlaces(t *testing.T) {
	file := filepath.Join(t.TempDir(), "archived.yaml")
	write(t, file, "port: 1\nhost: 10.0.0.1\nice-addresses: [10.0.0.1, 10.0.0.2]\n")
	env := map[string]string{"ARCHIVED_PORT": "2", "ARCHIVED_CONTROL": "true"}
	c, err := parse(t, []string{"--log-level", "debug"}, file, env)
	if err != nil {
		t.Fatal(err)
	}
	if c.Host != "10.0.0.1" || len(c.ICEAddresses) != 2 {
		t.Errorf("file: host %q, ice-addresses %q", c.Host, c.ICEAddresses)
	}
	if c.Port != 2 || !c.Control {
		t.Errorf("the environment must win over the file: port %d, control %v", c.Port, c.Control)
	}
	env["ARCHIVED_LOG_LEVEL"] = "error"
	if c, _ = parse(t, []string{"--log-level", "debug"}, file, env); c.LogLevel != "debug" {
		t.Errorf("the flag must win over the environment: log-level %q", c.LogLevel)
	}
}

func TestRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		yaml string
		env  map[string]string
		args []string
		want string
	}{
		"unknown key":        {yaml: "prot: 1\n", want: `unknown setting "prot"`},
		"wrong type":         {yaml: "port: many\n", want: "port"},
		"nested":             {yaml: "host: {a: 1}\n", want: "line 1"},
		"environment":        {env: map[string]string{"ARCHIVED_PORT": "99999"}, want: "ARCHIVED_PORT"},
		"log level":          {args: []string{"--log-level", "loud"}, want: "debug, info, warn or error"},
		"log format":         {args: []string{"--log-format", "xml"}, want: "text or json"},
		"short token":        {args: []string{"--control-token", "abc"}, want: "16 characters"},
		"no data directory":  {args: []string{"--data", ""}, want: "data"},
		"database":           {args: []string{"--database", "mysql://root:hush@host/db"}, want: "database: a postgres:// URL is wanted"},
		"key in the data":    {args: []string{"--data", "/srv/data", "--key-file", "/srv/data/keys/server.key"}, want: "must be elsewhere"},
		"config in a config": {yaml: "config: other.yaml\n", want: `unknown setting "config"`},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "archived.yaml")
			write(t, file, tc.yaml)
			_, err := parse(t, tc.args, file, tc.env)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func parse(t *testing.T, args []string, file string, env map[string]string) (*config, error) {
	t.Helper()
	var c config
	f := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	c.register(f)
	f.String("config", "", "")
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	if err := fill(f, file, func(k string) (string, bool) { v, ok := env[k]; return v, ok }); err != nil {
		return &c, err
	}
	return &c, c.validate(f)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
