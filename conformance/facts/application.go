package facts

import (
	"fmt"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts/jsonvalue"
)

// application holds what the harness knows of an application: the settings with which it made it, or what the target file tells
// of a prepared one.
type application struct {
	id          string
	Prepared    bool   // somebody prepared it by hand, and may use it for other things too
	Key         string // API key
	Store       string // kind of upload target, empty for the built-in cloud
	Endpoint    string // of the upload target
	Fallback    string // requested fallback; empty for none
	SSE         bool   // the upload target must encrypt
	Unreachable bool   // nobody listens at its upload target
	Callback    string // path of the callback address; empty if it is not known
	Secret      string // secret that signs callbacks
	Email       string
	Codec       string // requested preferred codec; empty for the default, VP8
	Made        evidence.Record

	Monitored bool   // events of its sessions go to the suite
	monitor   string // path of the address for them; empty if it is not known
}

// Monitors reports whether a callback to that path may be about a session of the application.
func (a application) Monitors(path string) bool {
	return a.Monitored && (a.monitor == "" || a.monitor == path)
}

// applications returns the applications that the harness made, and those that were prepared for it, by id.
func (f *Facts) applications() map[string]application {
	out := map[string]application{}
	for _, r := range f.View.Prepared().Records {
		id, p := r.IDs[evidence.Application], r.Prepared
		a := application{id: id, Prepared: true, Key: p.APIKey, Store: p.Store, Endpoint: p.Endpoint, SSE: p.SSE, Codec: p.Codec, Made: r, Monitored: p.Monitored}
		if p.Unreachable {
			a.Unreachable, a.Fallback = true, "none"
		}
		out[id] = a
	}
	for _, r := range f.Calls(evidence.CreateApplication) {
		got, _ := f.Decode(AnswerText(r))
		id := got.Text("applicationId")
		if id == "" || r.Exchange.Status() != 201 {
			continue
		}
		wanted, _ := f.Decode(r.Exchange.Request.Body.Text)
		storage, _ := wanted["storage"].(map[string]any)
		config, _ := storage["config"].(map[string]any)
		a := application{id: id, Store: jsonvalue.Object(storage).Text("type"), Endpoint: jsonvalue.Object(config).Text("endpoint"),
			Fallback: jsonvalue.Object(storage).Text("fallback"), SSE: jsonvalue.Object(config).Text("sse") == "s3",
			Callback: pathOf(wanted.Text("archiveCallbackUrl")), monitor: pathOf(wanted.Text("sessionCallbackUrl")),
			Secret: wanted.Text("signatureSecret"), Email: wanted.Text("email"), Codec: wanted.Text("preferredVideoCodec"), Made: r}
		a.Monitored = a.monitor != ""
		if key := got["apiKey"]; key != nil {
			a.Key = fmt.Sprint(key)
		}
		out[id] = a
	}
	return out
}

// Owner returns the id of the application that a path names by id or API key, or "" if the harness does not know it.
func (f *Facts) Owner(project string) string {
	if _, known := f.Apps[project]; known {
		return project
	}
	return f.keys[project]
}

// Owns reports whether the harness made the application, so that it knows all its archives.
func (f *Facts) Owns(app string) bool {
	a, known := f.Apps[app]
	return known && !a.Prepared
}
