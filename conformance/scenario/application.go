package scenario

import (
	"context"
	"fmt"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// App is what an application is set up for; the zero value uploads to the suite's S3 store. What the target does not declare is
// left out.
type App struct {
	Name      string          // of the webhook endpoint, and the role of a prepared application; "" for "default"
	Cloud     bool            // no upload target
	Azure     bool            // uploads to the suite's Azure account
	Storage   *target.Storage // in place of the suite's stores
	Fallback  string          // of the upload target; "" leaves it out
	Encrypted bool            // by the store
	Signed    bool            // callbacks
	Monitored bool            // session events go to the endpoint session
	Mailed    bool            // there is somebody to be told of failures
	Codec     string          // that its clients prefer for video; "" leaves it to the target
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

// Place is a bucket of a store; the zero place is the built-in cloud.
type Place struct {
	store
	Name string // of the bucket
}

// open makes the flow's application.
func (f *Flow) open(ctx context.Context) error {
	client, at, err := f.Application(ctx, "application", f.Scenario.App)
	if err != nil {
		return err
	}
	f.Place = at
	f.As = client.Unified()
	if !f.Target.File.Has(config.Unified) {
		f.As = client.Legacy()
	}
	return nil
}

// Application makes an isolated application, or takes the prepared one of that role, and says where its archives are uploaded.
func (f *Flow) Application(ctx context.Context, label string, a App) (c *target.Client, at Place, err error) {
	c = &target.Client{
		Base: f.Target.Credentials.URL, Control: f.Target.Credentials.ControlToken, Scenario: f.Scenario.Name,
		Journal: f.Journal, Schema: f.Schema, Timeout: f.Target.File.RequestTimeout.Or(10 * time.Second),
	}
	if a.Name == "" {
		a.Name = "default"
	}
	if !f.Target.File.Has(config.Control) {
		at, err = f.prepared(c, a)
		return c, at, err
	}
	req := f.request(a)
	if at = f.stores(a); at.store != nil {
		if at.Name, err = at.Bucket(ctx, f.Scenario.Name, bucketName(f.RunID, f.Scenario.Name, a.Name)); err != nil {
			return nil, at, err
		}
		req.Storage = f.storage(a, at)
	}
	if c.App, err = c.CreateApplication(ctx, label, req); err != nil {
		return nil, at, err
	}
	f.undo = append(f.undo, func(ctx context.Context) error { return c.DeleteApplication(ctx, "cleanup."+a.Name, c.App.ID) })
	return c, at, nil
}

// request describes an application, but for where it uploads to.
func (f *Flow) request(a App) target.AppRequest {
	has := f.Target.File.Has
	r := target.AppRequest{Name: "reelcheck " + f.RunID + " " + f.Scenario.Name + " " + a.Name, Storage: a.Storage,
		PreferredVideoCodec: a.Codec}
	if f.Hooks != nil {
		r.ArchiveCallbackURL = f.Hooks.Endpoint(f.Scenario.Name, a.Name)
		if a.Monitored && has(config.Monitoring) {
			r.SessionCallbackURL = f.Hooks.Endpoint(f.Scenario.Name, "session")
		}
	}
	if a.Signed && has(config.Signing) {
		r.SignatureSecret = "signed for " + f.Scenario.Name
	}
	if a.Mailed && has(config.Email) && f.Mail != nil {
		r.Email = f.Mail.Box(f.Scenario.Name, a.Name)
	}
	return r
}

// stores is the store for an application, with no bucket yet.
func (f *Flow) stores(a App) Place {
	switch {
	case a.Cloud || a.Storage != nil:
	case a.Azure && f.Azure != nil:
		return Place{store: f.Azure}
	case !a.Azure && f.Store != nil:
		return Place{store: f.Store}
	}
	return Place{}
}

func (f *Flow) storage(a App, at Place) *target.Storage {
	s := at.Storage(at.Name)
	s.Fallback = a.Fallback
	if s3, ok := s.Config.(target.S3Config); ok && a.Encrypted && f.Target.File.Has(config.SSE) {
		s3.SSE = "s3"
		s.Config = s3
	}
	return s
}

// prepared takes the application of a role from the target file.
func (f *Flow) prepared(c *target.Client, a App) (at Place, err error) {
	cred, ok := f.Target.File.Applications[a.Name]
	if !ok && a.Name == "default" {
		cred, ok = f.Target.Credentials, true
	}
	if !ok {
		return at, fmt.Errorf("the target file prepares no application %q and the target has no control API", a.Name)
	}
	if c.App, err = target.NewApp(cred); err != nil {
		return at, err
	}
	f.Journal.Redact("api secret", c.App.APISecret)
	at = f.stores(a)
	if at.Name = f.Target.File.Sinks.S3.Bucket; a.Azure {
		at.Name = f.Target.File.Sinks.Azure.Container
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
