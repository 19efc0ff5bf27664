package describe

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"reelcheck/conformance/target/config"
)

func TestGeneratedFilesAreFresh(t *testing.T) {
	for name, generate := range map[string]func() ([]byte, error){SchemaFile: Schema, PageFile: Page} {
		want, err := generate()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is stale, %v; run make generate", filepath.Clean(name), err)
		}
	}
}

// valid reports whether a target file fits the schema.
func valid(t *testing.T, in string) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(config.SchemaID, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(config.SchemaID)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := yaml.Unmarshal([]byte(in), &value); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

func TestExamplesFitTheSchema(t *testing.T) {
	names, err := filepath.Glob("../../../targets/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := valid(t, string(b)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.HasPrefix(b, []byte("# yaml-language-server: $schema=../target/config/target.schema.json\n")) {
			t.Errorf("%s does not tell editors its schema", name)
		}
	}
	if err := valid(t, "url: ${URL}\ntime: ${TIME}\ncapabilities: [s3, '${CODEC}']\ncredentials: {apiKey: 1}\nsinks: {s3: {driver: '${DRIVER}'}}\nrequestTimeout: 1m30s\n"); err != nil {
		t.Errorf("variables: %v", err)
	}
}

func TestSchemaRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":     "name: a",
		"two places":  "url: http://a\nready: b",
		"unknown key": "url: http://a\nsinks: {s3: {lissten: a}}",
		"capability":  "url: http://a\ncapabilities: [s4]",
		"driver":      "url: http://a\nsinks: {webhook: {driver: own}}",
		"time":        "url: http://a\ntime: never",
		"duration":    "url: http://a\nrequestTimeout: 10",
		"role":        "url: http://a\napplications: {defualt: {apiKey: 1}}",
		"application": "url: http://a\napplications: {default: {key: 1}}",
	} {
		if valid(t, in) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// TestWordsOfDrivers checks that the schema names the drivers that are accepted.
func TestWordsOfDrivers(t *testing.T) {
	s, err := File()
	if err != nil {
		t.Fatal(err)
	}
	for sink, def := range map[string]string{"webhook": "WebhookSink", "s3": "S3Sink", "azure": "AzureSink"} {
		driver, _ := s.Definitions[def].Properties.Get("driver")
		var words []string
		for _, w := range driver.AnyOf[0].Enum {
			words = append(words, w.(string))
		}
		_, err := config.Decode(strings.NewReader("ready: a\ncapabilities: [azure]\nsinks: {azure: {driver: nonsense}, " + sink + ": {driver: nonsense}}\n"))
		if sink == "azure" {
			_, err = config.Decode(strings.NewReader("ready: a\ncapabilities: [azure]\nsinks: {azure: {driver: nonsense}}\n"))
		}
		if err == nil || !slices.ContainsFunc(strings.Split(err.Error(), "\n"), func(line string) bool {
			return strings.HasPrefix(line, "sinks."+sink+".driver:") && strings.HasSuffix(line, "want one of "+strings.Join(words, ", "))
		}) {
			t.Errorf("sinks.%s.driver: the schema says %v, the error %v", sink, words, err)
		}
	}
}
