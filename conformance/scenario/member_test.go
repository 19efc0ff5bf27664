package scenario

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestClientsJoinWithoutEvents: a target that does not declare events has no address for them.
func TestClientsJoinWithoutEvents(t *testing.T) {
	done(t, bare(t, 1), Scenario{Name: "unseen", Within: 10 * time.Second, Run: func(ctx context.Context, f *Flow) error {
		m, err := f.Join(ctx, "1_session", "alice")
		if err == nil && m.Conn != nil {
			err = errors.New("alice is connected")
		}
		return err
	}})
}
