package sessions_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"reelcheck/reference/internal/archive"
)

func TestRotation(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	s.automatic(t, "")
	var refused *archive.Error
	if err := s.Migrate(t.Context(), "app", "S"); !errors.As(err, &refused) || refused.Kind != archive.NotFound {
		t.Errorf("an empty session can be moved: %v", err)
	}
	alice := s.join(t, "alice")
	s.publish(t, "camera", "alice")
	_, err := s.StartArchive(t.Context(), "app", valid(archive.StartRequest{SessionID: "S", MultiArchiveTag: "t"}))
	must(t, err)
	must(t, s.Rotate(t.Context(), "app", "S", 3*time.Hour))
	if got := s.advance(t, 3*time.Hour); !slices.Contains(got, "rotationNotice") || got[len(got)-1] != "rotation" {
		t.Errorf("fired %v", got)
	}
	list := s.archives(t)
	if len(list) != 3 || list[0].Reason != archive.ReasonSessionEnd || list[1].Reason != archive.ReasonSessionEnd || list[2].Status != archive.Started || !list[2].Automatic {
		t.Errorf("archives after the rotation: %+v", list)
	}
	if err := s.Migrate(t.Context(), "app", "S"); !errors.As(err, &refused) || refused.Code != archive.CodeMovedRecently {
		t.Errorf("moved again at once: %v", err)
	}
	s.advance(t, time.Minute)
	must(t, s.Migrate(t.Context(), "app", "S"))
	must(t, s.Rotate(t.Context(), "app", "S", 0)) // unlike an application, the server may move a session at any time
	must(t, s.Disconnect(t.Context(), "S", "alice", "clientDisconnected"))
	var told []string
	for n := range alice.C {
		if n.Kind == archive.SessionNotification {
			told = append(told, n.Reason)
		}
	}
	if got := strings.Join(told, " "); got != "serverRotation serverRotation serverRotation serverRotation" {
		t.Errorf("alice was told %q", got)
	}
}
