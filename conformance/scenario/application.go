package scenario

import (
	"cmp"
	"context"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/scenario/role"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// App describes an application of a scenario. The zero value uploads to the suite's S3 store. Settings that need a
// capability the target does not declare are left out.
type App struct {
	Name      string          // of the webhook endpoint, and the role of a prepared application; "" means role.Default
	Cloud     bool            // archives stay in the built-in cloud: no upload target
	Azure     bool            // archives go to the suite's Azure account
	Storage   *target.Storage // in place of the suite's stores
	Fallback  string          // fallback of the upload target; "" leaves it out
	Encrypted bool            // the store encrypts the archives
	Signed    bool            // callbacks are signed
	Monitored bool            // session events go to the endpoint "session"
	Mailed    bool            // failures are mailed to one of the suite's mailboxes
	Codec     string          // video codec that its clients prefer; "" leaves it to the target
}

func (a App) role() string { return cmp.Or(a.Name, role.Default) }

// store is a store of the suite for the archives of an application.
type store interface {
	// Bucket makes a bucket for a scenario, or returns the existing one.
	Bucket(ctx context.Context, scenario, name string) (string, error)
	// Storage returns the settings of an upload target for the bucket.
	Storage(bucket string) *target.Storage
	List(ctx context.Context, bucket, prefix string) ([]evidence.Object, error)
	Fetch(ctx context.Context, j *evidence.Journal, bucket, key string) (evidence.Object, error)
}

// Place is a bucket of a store. The zero Place is the built-in cloud.
type Place struct {
	store
	Name string // name of the bucket
}

// open makes the flow's own application.
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
	f.Clock = &clock.Clock{Client: client, Mode: f.Target.File.Time, Longest: f.Target.File.LongestWait.Or(config.LongestWait)}
	return nil
}

// Application makes an isolated application, or takes the prepared one of that role. It also returns where the archives
// are uploaded.
func (f *Flow) Application(ctx context.Context, label string, a App) (c *target.Client, at Place, err error) {
	c = &target.Client{
		Base: f.Target.Credentials.URL, Control: f.Target.Credentials.ControlToken, Scenario: f.Scenario.Name,
		Journal: f.Journal, Schema: f.Schema, Timeout: f.Target.File.RequestTimeout.Or(config.RequestTimeout),
	}
	a.Name = a.role()
	if !f.Target.File.Has(config.Control) {
		at, err = f.usePrepared(c, label, a)
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

// request returns the request for an application, without the upload target.
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

// stores returns the store for an application, without a bucket.
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

// bucketName returns a valid, unique bucket name: at most 63 of a-z, 0-9 and dashes.
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
