package recorder

import (
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

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// reopen returns a recorder on the directory of another one that has died or was closed.
func reopen(t *testing.T, dir string) *Recorder {
	t.Helper()
	now := av.Instant(time.Hour)
	r, err := New(Config{Dir: dir, Media: func() av.Instant { now++; return now }, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func silent(id string) archive.Archive {
	return archive.Archive{ID: id, SessionID: "S", Resolution: "640x480", HasAudio: true}
}

// composed waits for the file of an archive that has stopped, and returns its size.
func composed(t *testing.T, r *Recorder, id string) int64 {
	t.Helper()
	size := make(chan int64, 1)
	must(t, r.Compose(t.Context(), silent(id), func(f sessions.File, err error) {
		if err != nil {
			t.Error(err)
		}
		size <- f.Size
	}))
	select {
	case n := <-size:
		return n
	case <-time.After(5 * time.Second):
		t.Fatalf("archive %s is not composed", id)
		return 0
	}
}

func journalled(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "journals", "S"))
	return err == nil
}

// TestCompleteFileIsNotComposedAgain checks that a complete archive is not composed again after a crash. The journal may by then belong to the
// session's next archive and have nothing of the complete one.
func TestCompleteFileIsNotComposedAgain(t *testing.T) {
	dir := t.TempDir()
	before := reopen(t, dir)
	for suffix, content := range map[string]string{".moov": "head", ".mdat": "media"} {
		must(t, os.WriteFile(before.output("first")+suffix, []byte(content), 0o600))
	}
	must(t, before.Compose(t.Context(), silent("second"), func(sessions.File, error) {}))
	must(t, before.Close())

	r := reopen(t, dir)
	_, _, err := r.Recover("S", []string{"first", "second"})
	must(t, err)
	must(t, r.Note("S", timeline.Event{Kind: timeline.Stopped, Archive: "first", At: 1})) // an effect that was done, but not yet reported as done
	if size := composed(t, r, "first"); size != int64(len("headmedia")) {
		t.Errorf("size %d after the restart", size)
	}
	if !journalled(dir) {
		t.Error("the journal of the second archive is gone")
	}
}

// TestJournalStaysForAllThatBeginAgain checks that the journal stays until all interrupted compositions have begun again, even if one ends
// before.
func TestJournalStaysForAllThatBeginAgain(t *testing.T) {
	dir := t.TempDir()
	before := reopen(t, dir)
	for _, id := range []string{"first", "second"} {
		must(t, before.Compose(t.Context(), silent(id), func(sessions.File, error) {}))
	}
	must(t, before.Close())

	r := reopen(t, dir)
	_, _, err := r.Recover("S", []string{"first", "second"})
	must(t, err)
	must(t, r.Note("S", timeline.Event{Kind: timeline.Stopped, Archive: "first", At: 1}))
	composed(t, r, "first")
	if !journalled(dir) {
		t.Fatal("the journal is gone before the second archive was composed from it")
	}
	must(t, r.Note("S", timeline.Event{Kind: timeline.Stopped, Archive: "second", At: 2}))
	composed(t, r, "second")
	if journalled(dir) {
		t.Error("nobody needs the journal any more, and it is there")
	}
}

// TestJournalsGoAtOnce checks that a journal is never seen half removed, and that the next start completes an interrupted removal.
func TestJournalsGoAtOnce(t *testing.T) {
	dir := t.TempDir()
	half := filepath.Join(dir, "journals", "S"+removed, "streams")
	must(t, os.MkdirAll(half, 0o700))
	written := filepath.Join(dir, "archives", ".first.plan.1.part")
	must(t, os.MkdirAll(filepath.Dir(written), 0o700))
	must(t, os.WriteFile(written, []byte("{"), 0o600))
	r := reopen(t, dir)
	for _, path := range []string{half, written} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	must(t, r.Compose(t.Context(), silent("first"), func(sessions.File, error) {}))
}

// TestStoredBeforeCrash lets the server die after an individual archive was stored, but before its journal was removed. Discard must then remove
// the journal, although nothing has opened it since.
func TestStoredBeforeCrash(t *testing.T) {
	dir := t.TempDir()
	before := reopen(t, dir)
	must(t, before.Compose(t.Context(), silent("first"), func(sessions.File, error) {}))
	must(t, before.Close())
	plan := before.output("first") + ".plan"
	must(t, os.WriteFile(plan, []byte("{}"), 0o600))

	r := reopen(t, dir)
	must(t, r.Discard("S", "first"))
	if _, err := os.Stat(plan); err == nil || journalled(dir) {
		t.Errorf("the plan is left: %t, the journal is left: %t", err == nil, journalled(dir))
	}
}

// TestJournalThatCannotBeOpened checks that its archives fail, but that the journal stays for whoever can read it.
func TestJournalThatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "journals", "S"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "journals", "S", "streams"), []byte("no folder"), 0o600))
	r := reopen(t, dir)
	if _, _, err := r.Recover("S", []string{"first"}); err == nil {
		t.Fatal("recovered")
	}
	must(t, r.Discard("S", "first"))
	if !journalled(dir) {
		t.Error("the journal is gone")
	}
}

// TestDiscardedArchiveTakesItsJournal checks that an archive that is no longer wanted leaves nothing behind.
func TestDiscardedArchiveTakesItsJournal(t *testing.T) {
	dir := t.TempDir()
	r := reopen(t, dir)
	must(t, r.Compose(t.Context(), silent("a"), func(sessions.File, error) { t.Error("done") }))
	if !journalled(dir) {
		t.Fatal("no journal while composing")
	}
	must(t, r.Discard("S", "a"))
	r.work.Wait()
	if journalled(dir) {
		t.Error("the journal is still there")
	}
}
