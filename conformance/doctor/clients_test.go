package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher"
)

// stuck are clients that publish, and do not end it before they are closed.
type stuck struct {
	driver
	closed chan struct{}
}

func (s stuck) Publish(context.Context, publisher.Options) (publisher.Publication, error) {
	return stuckPublication{publication{}, s.closed}, nil
}

func (s stuck) Close() error { close(s.closed); return errors.New("killed") }

type stuckPublication struct {
	publication
	closed chan struct{}
}

func (s stuckPublication) Abandon() error { <-s.closed; return errors.New("closed") }

// TestClientsThatDoNotAnswer checks that clients which begin too late, or do not end, take the time that doctor has and no more.
func TestClientsThatDoNotAnswer(t *testing.T) {
	t.Run("begin", func(t *testing.T) {
		t.Parallel()
		p := newPatient(t)
		p.Within = time.Second
		p.Clients = func(ctx context.Context, _ string, _ *evidence.Journal) (publisher.Driver, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		first, wrong := First(p.examine(t))
		if !wrong || first.Name != "clients" || !strings.Contains(first.Detail, "not ready within 500ms; --within gives more") {
			t.Errorf("%+v", first)
		}
	})
	t.Run("end", func(t *testing.T) {
		t.Parallel()
		p := newPatient(t)
		p.Clients = clients(stuck{closed: make(chan struct{})}, nil)
		if first, wrong := First(p.examine(t)); !wrong || first.Name != "end" || first.Detail != "killed" {
			t.Errorf("%+v", first)
		}
	})
}
