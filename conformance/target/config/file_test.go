package config

import (
	"strings"
	"testing"
	"time"
)

func TestDecodeFile(t *testing.T) {
	f, err := Decode(strings.NewReader(`
name: archived
launch:
  command: [bin/archived, serve, --port, "0", --data, "{{tempdir}}"]
  readyWithin: 5s
capabilities: [control, s3, cloud, vp8, h264, legacy]
sinks:
  s3: {driver: process, binary: /opt/minio}
`))
	if err != nil {
		t.Fatal(err)
	}
	if f.Time != Virtual || f.Publisher.Driver != "whip" || f.Sinks.Webhook.Listen != "127.0.0.1:0" {
		t.Errorf("defaults: %+v", f)
	}
	if f.Launch.ReadyWithin.Or(0) != 5*time.Second || f.RequestTimeout.Or(time.Second) != time.Second {
		t.Errorf("durations: %+v", f.Launch)
	}
	if !f.Has(Control, S3) || f.Missing(S3, VP9) != VP9 {
		t.Errorf("capabilities: %v", f.Capabilities)
	}
}

func TestDecodeFileRefuses(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"nothing":             {"capabilities: [s3]", "exactly one of launch, ready and url"},
		"two places":          {"ready: a\nurl: http://b\ncredentials: {apiKey: 1}", "found 2"},
		"unknown key":         {"ready: a\ncapabilites: [s3]", "capabilites"},
		"unknown capability":  {"ready: a\ncapabilities: [telepathy]", `unknown "telepathy", want one of `},
		"misspelt capability": {"ready: a\ncapabilities: [indivdual]", `unknown "indivdual", did you mean "individual"?`},
		"capability twice":    {"ready: a\ncapabilities: [s3, s3]", `"s3" twice`},
		"unknown driver":      {"ready: a\nsinks: {s3: {driver: gcs}}", "in-process, process, container, own"},
		"missing binary":      {"ready: a\nsinks: {s3: {driver: process}}", "sinks.s3.binary"},
		"missing bucket":      {"ready: a\nsinks: {s3: {driver: own, endpoint: 'http://x', accessKey: a, secretKey: b}}", "sinks.s3.bucket"},
		"azure by nothing":    {"ready: a\ncapabilities: [azure]", "sinks.azure.driver"},
		"missing image":       {"ready: a\nsinks: {azure: {driver: container}}", "sinks.azure.image"},
		"bad mail address":    {"ready: a\nsinks: {mail: {listen: '25'}}", "sinks.mail.listen"},
		"virtual by nothing":  {"ready: a\ntime: virtual", "needs the capability control"},
		"deferred by launch":  {"launch: {command: [x]}\ntime: deferred", "outlive the run"},
		"deferred control":    {"ready: a\ntime: deferred\ncapabilities: [control]", "outlive the run"},
		"negative wait":       {"ready: a\nlongestWait: -5m", "want a positive one"},
		"url alone":           {"url: http://b", "want credentials"},
		"relative url":        {"url: b\ncredentials: {apiKey: 1}", "want an http or https URL"},
		"empty command":       {"launch: {command: []}", "launch.command"},
		"bad duration":        {"ready: a\nrequestTimeout: 10", "such as 500ms"},
		"bad address":         {"ready: a\nsinks: {webhook: {listen: here}}", "an address and a port"},
		"listens anywhere":    {"ready: a\nsinks: {webhook: {listen: '0.0.0.0:80'}}", "sinks.webhook.url: missing"},
		"bucket anywhere":     {"ready: a\nsinks: {s3: {listen: '[::]:80'}}", "sinks.s3.targetEndpoint: missing"},
		"password in a URL":   {"url: http://me:hush@b\ncredentials: {apiKey: 1}", `"http://me:xxxxx@b", want a URL without user`},
		"bad endpoint":        {"ready: a\nsinks: {s3: {targetEndpoint: bucket}}", "sinks.s3.targetEndpoint: "},
		"other publisher":     {"ready: a\npublisher: {driver: exec}", "publisher.driver"},
		"two documents":       {"ready: a\n---\nready: b", "more than one"},
		"empty application":   {"url: http://b\napplications: {default: {}}", "applications.default: want an applicationId"},
		"unknown role":        {"url: http://b\napplications: {cluod: {apiKey: 1, apiSecret: x}}", "applications.cluod: unknown role, want one of default, foreign, cloud, azure, unreachable, encryption, h264, vp9"},
		"no private key":      {"url: http://b\ncapabilities: [unified]\napplications: {cloud: {applicationId: a}}", "applications.cloud.privateKeyFile: missing; the capability unified needs it"},
		"no API key":          {"url: http://b\ncapabilities: [legacy, unified]\napplications: {foreign: {applicationId: a, privateKeyFile: k}}", "applications.foreign.apiSecret: missing; the capability legacy needs it"},
		"key of nobody":       {"url: http://b\napplications: {vp9: {privateKeyFile: k}}", "applications.vp9.applicationId: missing; privateKeyFile needs it"},
		"secret of nobody":    {"url: http://b\napplications: {default: {apiSecret: x}}", "applications.default.apiKey: missing; apiSecret needs it"},
		"file and keys":       {"launch: {command: [x]}\napplications: {vp9: {file: k, apiKey: 1}}", "applications.vp9.file: it is in place of"},
		"own URL":             {"url: http://b\napplications: {vp9: {file: k, url: 'http://c'}}", "applications.vp9.url: unknown here"},
		"no identity":         {"url: http://b\ncapabilities: [unified]\ncredentials: {apiKey: 1, apiSecret: x}", "credentials.applicationId: missing; the capability unified"},
		"no control token":    {"url: http://b\ncapabilities: [control]\ncredentials: {apiKey: 1, apiSecret: x}", "credentials.controlToken: missing"},
		"short access key":    {"ready: a\nsinks: {s3: {accessKey: ab}}", `sinks.s3.accessKey: "ab" is too short, want at least 3 characters`},
		"short secret key":    {"ready: a\nsinks: {s3: {driver: process, binary: m, secretKey: '1234567'}}", "sinks.s3.secretKey: too short, want at least 8"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(strings.NewReader(c.in))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// TestWholeApplications accepts what scenarios need, and no more is demanded.
func TestWholeApplications(t *testing.T) {
	for name, in := range map[string]string{
		"both identities": "capabilities: [unified, legacy]\ncredentials: {applicationId: a, privateKeyFile: k, apiKey: 1, apiSecret: x}\n" +
			"applications: {cloud: {applicationId: b, privateKeyFile: k}, foreign: {file: f}}",
		"keys alone":     "capabilities: [legacy]\napplications: {default: {apiKey: 1, apiSecret: x}, h264: {apiKey: 2, apiSecret: x}}",
		"only to tell":   "capabilities: [legacy]\ncredentials: {applicationId: a, apiKey: 1, apiSecret: x}",
		"by control":     "capabilities: [control, unified]\ncredentials: {controlToken: t}",
		"default stands": "capabilities: [legacy]\ncredentials: {controlToken: t}\napplications: {default: {apiKey: 1, apiSecret: x}}",
		"own store":      "capabilities: [legacy]\ncredentials: {apiKey: 1, apiSecret: x}\nsinks: {s3: {driver: own, endpoint: 'http://s', bucket: b, accessKey: a, secretKey: b}}",
	} {
		if _, err := Decode(strings.NewReader("url: http://b\n" + in)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDecodeReady(t *testing.T) {
	c, err := DecodeReady([]byte(`{"url":"http://127.0.0.1:1/","applicationId":"a","privateKeyFile":"k","apiKey":100,"apiSecret":"s","controlToken":"t","new":1}`))
	if err != nil || c.APIKey != "100" || c.ControlToken != "t" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, bad := range []string{"", "ready", `{"url":"/relative"}`, `{"url":"http://x","apiKey":"abc"}`} {
		if _, err := DecodeReady([]byte(bad)); err == nil {
			t.Errorf("ready line %q was accepted", bad)
		}
	}
}

func FuzzDecodeFile(f *testing.F) {
	f.Add("ready: a\ncapabilities: [s3]\nrequestTimeout: 1s")
	f.Add("ready: $${a}${PATH\nsinks: &s {s3: *s, <<: *s}")
	f.Add("launch: {command: [x]}\nsinks: {s3: {driver: own}}")
	f.Fuzz(func(t *testing.T, in string) {
		if got, err := Decode(strings.NewReader(in)); err == nil && got.places() != 1 {
			t.Errorf("accepted %+v", got)
		}
	})
}
