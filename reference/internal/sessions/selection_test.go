package sessions_test

import (
	"strings"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
)

func TestStreamUpdatesAreAnnounced(t *testing.T) {
	t.Parallel()
	hooks := receive(t)
	s := start(t, t.TempDir())
	s.app(t, func(a *account.Application) { a.ArchiveCallbackURL = hooks.URL })
	s.join(t, "alice")
	s.join(t, "bob")
	s.publish(t, "camera", "alice")
	s.publish(t, "screen", "bob")
	a, err := s.StartArchive(t.Context(), "app", valid(archive.StartRequest{SessionID: "S", StreamMode: archive.Manual}))
	must(t, err)
	must(t, s.AddStream(t.Context(), "app", a.ID, archive.Inclusion{StreamID: "camera", HasAudio: true, HasVideo: true}))
	must(t, s.AddStream(t.Context(), "app", a.ID, archive.Inclusion{StreamID: "screen", HasVideo: true}))
	got, err := s.Archive(t.Context(), "app", a.ID)
	must(t, err)
	if len(got.Streams) != 2 || got.Streams[1] != (archive.Inclusion{StreamID: "screen", HasVideo: true}) {
		t.Errorf("streams %+v", got.Streams)
	}
	must(t, s.RemoveStream(t.Context(), "app", a.ID, "camera"))
	must(t, s.Disconnect(t.Context(), "S", "bob", "forceDisconnected"))
	_, err = s.StopArchive(t.Context(), "app", a.ID)
	must(t, err)

	hooks.want(t, archive.Started, "streamAdded", "streamAdded", "streamRemoved", "streamRemoved", archive.Paused, archive.Stopped, archive.Available)
	for i, want := range map[int]struct{ stream, connection, reason string }{
		1: {"camera", "alice", ""}, 2: {"screen", "bob", ""}, 3: {"camera", "alice", ""}, 4: {"screen", "bob", "forceDisconnected"},
	} {
		c := hooks.calls[i]
		if c.Stream == nil || c.Stream.ID != want.stream || c.Stream.Connection.ID != want.connection || c.Stream.CreatedAt%1000 != 0 ||
			c.Reason != want.reason || c.ID != a.ID || c.Streams != nil || time.Since(time.UnixMilli(c.Timestamp)).Abs() > time.Minute {
			t.Errorf("webhook %d: %+v, want %+v", i, c, want)
		}
	}
	for i, c := range hooks.calls {
		if update := i >= 1 && i <= 4; !update && (c.Stream != nil || c.Timestamp != 0) {
			t.Errorf("webhook %d of %s has %+v", i, c.Status, c)
		}
	}
	calls := strings.Join(s.recorder.log(), " ")
	if want := "compose select 0 select 1 record select 2 select 1 ended screen select 0 pause stop"; !strings.HasPrefix(calls, want) {
		t.Errorf("recorder was asked for %s", calls)
	}
}
