package scenario

import (
	"context"
	"fmt"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
)

// appKind is what an application is set up for; the zero value uploads to the suite's S3 store. What the target does not declare is
// left out.
type appKind struct {
	name      string          // of the webhook endpoint, and the role of a prepared application; "" for "default"
	cloud     bool            // no upload target
	azure     bool            // uploads to the suite's Azure account
	storage   *target.Storage // in place of the suite's stores
	fallback  string          // of the upload target; "" leaves it out
	encrypted bool            // by the store
	signed    bool            // callbacks
	monitored bool            // session events go to the endpoint session
	mailed    bool            // there is somebody to be told of failures
}

// store is where archives of an application are uploaded.
type store interface {
	// Bucket makes a bucket for a scenario, or returns the one there is.
	Bucket(ctx context.Context, scenario, name string) (string, error)
	// Storage is the bucket as an application's upload target.
	Storage(bucket string) *target.Storage
	List(ctx context.Context, bucket, prefix string) ([]evidence.Object, error)
	Fetch(ctx context.Context, j *evidence.Journal, bucket, key string) (evidence.Object, error)
}

// place is a bucket of a store; the zero place is the built-in cloud.
type place struct {
	store
	bucket string
}

// open makes the flow's application.
func (f *flow) open(ctx context.Context) error {
	client, at, err := f.application(ctx, "application", f.scenario.app)
	if err != nil {
		return err
	}
	f.place = at
	f.as = client.Unified()
	if !f.Target.File.Has(target.Unified) {
		f.as = client.Legacy()
	}
	return nil
}

// application makes an isolated application, or takes the prepared one of that role, and says where its archives are uploaded.
func (f *flow) application(ctx context.Context, label string, kind appKind) (c *target.Client, at place, err error) {
	c = &target.Client{
		Base: f.Target.Credentials.URL, Control: f.Target.Credentials.ControlToken, Scenario: f.scenario.Name,
		Journal: f.Journal, Schema: f.Schema, Timeout: f.Target.File.RequestTimeout.Or(10 * time.Second),
	}
	if kind.name == "" {
		kind.name = "default"
	}
	if !f.Target.File.Has(target.Control) {
		at, err = f.prepared(c, kind)
		return c, at, err
	}
	req := f.request(kind)
	if at = f.stores(kind); at.store != nil {
		if at.bucket, err = at.Bucket(ctx, f.scenario.Name, bucketName(f.RunID, f.scenario.Name, kind.name)); err != nil {
			return nil, at, err
		}
		req.Storage = f.storage(kind, at)
	}
	if c.App, err = c.CreateApplication(ctx, label, req); err != nil {
		return nil, at, err
	}
	f.undo = append(f.undo, func(ctx context.Context) error { return c.DeleteApplication(ctx, "cleanup."+kind.name, c.App.ID) })
	return c, at, nil
}

// request describes an application, but for where it uploads to.
func (f *flow) request(kind appKind) target.AppRequest {
	has := f.Target.File.Has
	r := target.AppRequest{Name: "reelcheck " + f.RunID + " " + f.scenario.Name + " " + kind.name, Storage: kind.storage}
	if f.Hooks != nil {
		r.ArchiveCallbackURL = f.Hooks.Endpoint(f.scenario.Name, kind.name)
		if kind.monitored && has(target.Monitoring) {
			r.SessionCallbackURL = f.Hooks.Endpoint(f.scenario.Name, "session")
		}
	}
	if kind.signed && has(target.Signing) {
		r.SignatureSecret = "signed for " + f.scenario.Name
	}
	if kind.mailed && has(target.Email) && f.Mail != nil {
		r.Email = f.Mail.Box(f.scenario.Name, kind.name)
	}
	return r
}

// stores is the store for an application, with no bucket yet.
func (f *flow) stores(kind appKind) place {
	switch {
	case kind.cloud || kind.storage != nil:
	case kind.azure && f.Azure != nil:
		return place{store: f.Azure}
	case !kind.azure && f.Store != nil:
		return place{store: f.Store}
	}
	return place{}
}

func (f *flow) storage(kind appKind, at place) *target.Storage {
	s := at.Storage(at.bucket)
	s.Fallback = kind.fallback
	if config, ok := s.Config.(target.S3Config); ok && kind.encrypted && f.Target.File.Has(target.SSE) {
		config.SSE = "s3"
		s.Config = config
	}
	return s
}

// prepared takes the application of a role from the target file.
func (f *flow) prepared(c *target.Client, kind appKind) (at place, err error) {
	cred, ok := f.Target.File.Applications[kind.name]
	if !ok && kind.name == "default" {
		cred, ok = f.Target.Credentials, true
	}
	if !ok {
		return at, fmt.Errorf("the target file prepares no application %q and the target has no control API", kind.name)
	}
	if c.App, err = target.NewApp(cred); err != nil {
		return at, err
	}
	f.Journal.Redact("api secret", c.App.APISecret)
	at = f.stores(kind)
	if at.bucket = f.Target.File.Sinks.S3.Bucket; kind.azure {
		at.bucket = f.Target.File.Sinks.Azure.Container
	}
	return at, nil
}

// bucketName makes a valid, unique bucket name: at most 63 of a-z, 0-9 and dashes.
func bucketName(parts ...string) string {
	name := strings.ToLower("rc-" + strings.Join(parts, "-"))
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, name)
	return strings.Trim(name[:min(len(name), 63)], "-")
}
