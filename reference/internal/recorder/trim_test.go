package recorder

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/sessions"
	"reelcheck/reference/internal/timeline"
)

// call records an individual archive of one stream, of 20 MiB, from its beginning to its end.
func call(t *testing.T, r *Recorder, archiveID, streamID string, from int) archive.Archive {
	t.Helper()
	sink, err := r.Stream(sessions.Publication{SessionID: "S", Stream: archive.Stream{ID: streamID, HasAudio: true}, At: second(from), KeyFrame: func() {}})
	must(t, err)
	a := archive.Archive{ID: archiveID, SessionID: "S", HasAudio: true, OutputMode: archive.Individual}
	made := make(chan error, 1)
	must(t, r.Compose(t.Context(), a, func(_ sessions.File, err error) { made <- err }))
	must(t, r.Note("S", timeline.Event{Kind: timeline.Recording, Archive: archiveID, At: second(from)}))
	for n := range 20 {
		sound := make([]byte, 1<<20)
		sound[0] = 31 << 3
		must(t, sink.Append(av.Sample{Codec: av.Opus, Time: second(from + n), Data: sound, Origin: av.Origin{Captured: second(from + n)}}))
	}
	must(t, r.Note("S", timeline.Event{Kind: timeline.Stopped, Archive: archiveID, At: second(from + 20)}))
	must(t, r.StreamEnded("S", streamID, second(from+21), "clientDisconnected"))
	select {
	case err := <-made:
		must(t, err)
	case <-time.After(10 * time.Second):
		t.Fatalf("archive %s is not made", archiveID)
	}
	return a
}

// kept returns the size of a stream's log in MiB.
func kept(t *testing.T, dir, streamID string) (size int64) {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "journals", "S", "streams", streamID, "*"))
	must(t, err)
	for _, path := range list {
		info, err := os.Stat(path)
		must(t, err)
		size += info.Size()
	}
	return size >> 20
}

// TestWaitingArchiveKeepsItsOwn checks that a waiting archive keeps its media, while the media of archives that were made and stored since is
// removed.
func TestWaitingArchiveKeepsItsOwn(t *testing.T) {
	dir := t.TempDir()
	r, err := New(Config{Dir: dir, Media: func() av.Instant { return second(1000) }, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	waiting := call(t, r, "waiting", "a", 0)
	call(t, r, "stored", "b", 100)
	if kept(t, dir, "a") < 20 || kept(t, dir, "b") < 20 {
		t.Fatalf("%d and %d MiB before anything is stored", kept(t, dir, "a"), kept(t, dir, "b"))
	}
	must(t, r.Discard("S", "stored"))
	if kept(t, dir, "a") < 20 || kept(t, dir, "b") > 0 {
		t.Errorf("%d and %d MiB after the second was stored", kept(t, dir, "a"), kept(t, dir, "b"))
	}
	call(t, r, "next", "c", 200) // the timeline still has the stream whose media was removed
	must(t, r.Discard("S", "next"))
	must(t, r.Close())

	again := reopen(t, dir)
	_, _, err = again.Recover("S", []string{"waiting"})
	must(t, err)
	composed := archive.Archive{ID: "composed", SessionID: "S", Resolution: "640x480", HasAudio: true}
	made := make(chan error, 2)
	done := func(_ sessions.File, err error) { made <- err }
	must(t, again.Compose(t.Context(), waiting, done))
	must(t, again.Compose(t.Context(), composed, done))
	must(t, again.Note("S", timeline.Event{Kind: timeline.Recording, Archive: "composed", At: second(300)}))
	must(t, again.Note("S", timeline.Event{Kind: timeline.Stopped, Archive: "composed", At: second(310)}))
	for range 2 {
		select {
		case err := <-made:
			must(t, err)
		case <-time.After(10 * time.Second):
			t.Fatal("an archive is not made")
		}
	}
	file, size, err := again.Open(waiting)
	must(t, err)
	if n, err := io.Copy(io.Discard, file); err != nil || n != size || n < 20<<20 {
		t.Errorf("%d bytes of %d, %v", n, size, err)
	}
	must(t, file.Close())
	must(t, again.Discard("S", "waiting"))
	if journalled(dir) {
		t.Error("the journal is left")
	}
}
