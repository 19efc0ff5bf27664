package sessions_test

import (
	"errors"
	"slices"
	"testing"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/layout/layouttest"
)

// TestLayoutReachesTheRecorder changes the layout and stream classes of a live archive.
func TestLayoutReachesTheRecorder(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	app := s.app(t, func(*account.Application) {})
	s.join(t, "c")
	s.publish(t, "s", "c")
	a := s.begin(t)
	changed, err := s.SetLayout(t.Context(), app.ID, a.ID, layouttest.New(layout.Spec{Type: layout.PIP}))
	must(t, err)
	if stored, err := s.Archive(t.Context(), app.ID, a.ID); err != nil || changed.Layout.Spec().Type != layout.PIP || stored.Layout.Spec() != changed.Layout.Spec() || stored.FirstLayout.Spec().Type != layout.BestFit {
		t.Errorf("%+v, %+v, %v", changed, stored, err)
	}
	must(t, s.SetStreamClasses(t.Context(), app.ID, a.SessionID, map[string][]string{"s": {"full", "x"}}))
	calls := s.recorder.log()
	if !slices.Contains(calls, "arrange pip") || !slices.Contains(calls, "classify full x") {
		t.Errorf("the recorder was told %v", calls)
	}
	_, err = s.StopArchive(t.Context(), app.ID, a.ID)
	must(t, err)
	_, err = s.SetLayout(t.Context(), app.ID, a.ID, layouttest.New(layout.Spec{Type: layout.BestFit}))
	var refused *archive.Error
	if !errors.As(err, &refused) || refused.Kind != archive.Conflict {
		t.Errorf("after the stop: %v", err)
	}
}
