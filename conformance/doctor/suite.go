package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/sink"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/launch"
)

// store is a store that the target uploads to.
type store interface {
	// Bucket makes a bucket, or returns the existing one.
	Bucket(ctx context.Context, scenario, name string) (string, error)
	Storage(bucket string) *target.Storage
	List(ctx context.Context, bucket, prefix string) ([]evidence.Object, error)
	Fetch(ctx context.Context, j *evidence.Journal, bucket, key string) (evidence.Object, error)
	Close() error
}

// oldest is the oldest FFmpeg that the suite works with.
const oldestMajor, oldestMinor = 5, 1

func (e *examination) ffmpeg(ctx context.Context) (string, error) {
	version, err := e.FFmpeg(ctx)
	if err != nil {
		return "", fmt.Errorf("%w; install FFmpeg, with which the suite decodes archives", err)
	}
	var major, minor int
	_, _ = fmt.Sscanf(strings.TrimPrefix(version, "n"), "%d.%d", &major, &minor) // 0 of a version such as git-2026-01-01, which is new
	if major > 0 && (major < oldestMajor || major == oldestMajor && minor < oldestMinor) {
		return "", fmt.Errorf("version %s, want %d.%d or later", version, oldestMajor, oldestMinor)
	}
	return "version " + version, nil
}

// listen opens what the target delivers to.
func (e *examination) listen(ctx context.Context) (string, error) {
	s := e.File.Sinks
	var err error
	if e.mail, err = sink.ListenMail(s.Mail.Listen); err != nil {
		return "", err
	}
	e.mail.Serve(e.journal)
	if e.hooks, err = sink.OpenWebhooks(ctx, s.Webhook, e.journal); err != nil {
		return "", err
	}
	detail := "callbacks at " + e.hooks.URL
	switch {
	case e.File.Has(config.S3):
		opened, err := sink.OpenStore(ctx, s.S3, filepath.Join(e.dir, "s3"), e.journal)
		if err != nil {
			return "", err
		}
		e.store = opened
		detail += ", uploads at " + opened.TargetEndpoint
	case e.File.Has(config.Azure):
		opened, err := sink.OpenAzure(ctx, s.Azure, filepath.Join(e.dir, "azure"), e.journal)
		if err != nil {
			return "", err
		}
		e.store = opened
		detail += ", uploads at " + opened.TargetEndpoint
	}
	return detail, nil
}

// drive starts what publishes.
func (e *examination) drive(ctx context.Context) (string, error) {
	began := time.Now()
	defer func() { e.spent = time.Since(began) }()
	limited, cancel := context.WithTimeout(ctx, e.Within/2)
	defer cancel()
	var err error
	e.clients, err = e.Clients(limited, e.dir, e.journal)
	if errors.Is(limited.Err(), context.DeadlineExceeded) && err != nil {
		err = fmt.Errorf("they were not ready within %v; --within gives more: %w", e.Within/2, err)
	}
	return "publish by " + cmp.Or(e.File.Publisher.Driver, "whip"), err
}

// start launches or finds the target.
func (e *examination) start(ctx context.Context) (string, error) {
	mail := ""
	if e.mail != nil {
		mail = e.mail.Address
	}
	var err error
	if e.target, err = launch.Start(ctx, e.File, mail, e.dir); err != nil {
		return "", err
	}
	for _, s := range e.File.Secrets {
		e.journal.Redact(s.Name, s.Value)
	}
	c := e.target.Credentials
	e.journal.Redact("api secret", c.APISecret)
	e.journal.Redact("control token", c.ControlToken)
	e.client = &target.Client{Base: c.URL, Control: c.ControlToken, Scenario: scenario, Journal: e.journal, Timeout: patience}
	e.client.App, e.key = target.NewApp(e.credentials())
	if e.File.Launch != nil {
		return "started, at " + c.URL, nil
	}
	return "to be found at " + c.URL, nil
}

// credentials returns those of the default application.
func (e *examination) credentials() config.Credentials {
	if prepared, ok := e.File.Applications["default"]; ok && !e.File.Has(config.Control) {
		return prepared
	}
	return e.target.Credentials
}

// bucket finds out whether the suite can read the bucket.
func (e *examination) bucket(ctx context.Context) (string, error) {
	if e.store == nil {
		return "", absent("the target file declares neither s3 nor azure: files are read by the download link")
	}
	name := "reelcheck-doctor"
	if !e.File.Has(config.Control) {
		name = e.File.Sinks.S3.Bucket
		if !e.File.Has(config.S3) {
			name = e.File.Sinks.Azure.Container
		} else if err := e.typed(); err != nil {
			return "", err
		}
		e.place = name
	} else {
		var err error
		if e.place, err = e.store.Bucket(ctx, scenario, name); err != nil {
			return "", err
		}
	}
	if _, err := e.store.List(ctx, e.place, "reelcheck-doctor/"); err != nil {
		return "", fmt.Errorf("the suite cannot read the bucket: %w", err)
	}
	return "the suite can read " + e.place, nil
}

// typed checks that a bucket can be typed into the console of the target.
func (e *examination) typed() error {
	s := e.File.Sinks.S3
	switch {
	case s.Bucket == "":
		return fmt.Errorf("sinks.s3.bucket: missing; without the control API it is the bucket that you set in the console of the target")
	case s.Driver != "own" && s.TargetEndpoint == "" && strings.HasSuffix(s.Listen, ":0"):
		return fmt.Errorf("sinks.s3.listen: %s is another port in every run; choose one, so that you can set it in the console of the target", s.Listen)
	case s.Driver != "own" && s.SecretKey == "":
		return fmt.Errorf("sinks.s3.secretKey: missing; the suite makes another one in every run, so that you cannot set it in the console of the target")
	}
	return nil
}
