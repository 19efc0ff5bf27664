package recorder

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/sessions"
	"reelcheck/reference/internal/timeline"
)

// diary is a log that tests can read.
type diary struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.b.Write(p)
}

func (d *diary) lines(text string) (list []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for line := range strings.Lines(d.b.String()) {
		if strings.Contains(line, text) {
			list = append(list, line)
		}
	}
	return list
}

func second(n int) av.Instant { return av.Instant(n+1) * av.Instant(time.Second) }

// journalMinute writes a journal with a minute of audio, one megabyte a second. Three archives of each kind, individual and composed, record it in
// turn.
func journalMinute(t *testing.T, dir string) {
	t.Helper()
	j, err := journal.Open(dir, journal.Options{})
	must(t, err)
	w, err := j.Stream("s")
	must(t, err)
	must(t, j.Note(timeline.Event{Kind: timeline.StreamAdded, Stream: "s", At: second(0), HasAudio: true}))
	for n := range 60 {
		if n%20 == 0 {
			for _, id := range []string{"individual", "composed"} {
				if n > 0 {
					must(t, j.Note(timeline.Event{Kind: timeline.Stopped, Archive: id + spans[n/20-1], At: second(n)}))
				}
				must(t, j.Note(timeline.Event{Kind: timeline.Recording, Archive: id + spans[n/20], At: second(n)}))
			}
		}
		sound := make([]byte, 1<<20)
		sound[0] = 31 << 3
		must(t, w.Append(av.Sample{Codec: av.Opus, Time: second(n), Data: sound, Origin: av.Origin{Captured: second(n)}}))
	}
	for _, id := range []string{"individual", "composed"} {
		must(t, j.Note(timeline.Event{Kind: timeline.Stopped, Archive: id + spans[2], At: second(60)}))
	}
	must(t, w.Close())
	must(t, j.Note(timeline.Event{Kind: timeline.StreamRemoved, Stream: "s", At: second(60), Reason: "clientDisconnected"}))
	must(t, j.Close())
}

var spans = []string{" before", " with the damage", " after"}

// TestDamagedJournal damages a part of the journal. The archives that should have it must fail and the others be made; the log and the metrics
// must say how much is lost of which stream (ARC-STAT-12, decision 15).
func TestDamagedJournal(t *testing.T) {
	dir, log := t.TempDir(), &diary{}
	at := filepath.Join(dir, "journals", "S")
	must(t, os.MkdirAll(filepath.Dir(at), 0o700))
	journalMinute(t, at)
	f, err := os.OpenFile(filepath.Join(at, "streams", "s", "00000002.seg"), os.O_RDWR, 0)
	must(t, err)
	_, err = f.WriteAt([]byte("spoiled"), 10<<20+1000) // within second 25; the file ends with second 29
	must(t, errors.Join(err, f.Close()))

	r, err := New(Config{Dir: dir, Media: func() av.Instant { return second(100) }, Log: slog.New(slog.NewTextHandler(log, nil))})
	must(t, err)
	defer func() { must(t, r.Close()) }()
	var ids []string
	for _, span := range spans {
		ids = append(ids, "individual"+span, "composed"+span)
	}
	_, _, err = r.Recover("S", ids)
	must(t, err)
	type result struct {
		id  string
		err error
	}
	made := make(chan result, len(ids))
	for _, id := range ids {
		a := archive.Archive{ID: id, SessionID: "S", Resolution: "640x480", HasAudio: true, OutputMode: archive.Composed}
		if strings.HasPrefix(id, "individual") {
			a.OutputMode = archive.Individual
		}
		must(t, r.Compose(t.Context(), a, func(f sessions.File, err error) { made <- result{id, err} }))
	}
	for range ids {
		select {
		case got := <-made:
			if hit := strings.HasSuffix(got.id, spans[1]); hit != errors.Is(got.err, errLost) || !hit && got.err != nil {
				t.Errorf("archive %q: %v", got.id, got.err)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("archives are missing; log\n%s", log.b.String())
		}
	}
	if lost := r.Losses.Damaged(); lost != 6*time.Second {
		t.Errorf("%v lost", lost)
	}
	if list := log.lines("media is lost"); len(list) != 1 || !strings.Contains(list[0], "stream=s seconds=6 ") {
		t.Errorf("log %q", list)
	}
}

// TestRefusedSamples counts samples that come after their stream has advanced past them.
func TestRefusedSamples(t *testing.T) {
	log := &diary{}
	r, err := New(Config{Dir: t.TempDir(), Media: func() av.Instant { return 1000 }, Log: slog.New(slog.NewTextHandler(log, nil))})
	must(t, err)
	defer func() { must(t, r.Close()) }()
	sink, err := r.Stream(sessions.Publication{SessionID: "S", Stream: archive.Stream{ID: "s", HasAudio: true}, KeyFrame: func() {}})
	must(t, err)
	failed := make(chan error, 1)
	must(t, r.Compose(t.Context(), archive.Archive{ID: "a", SessionID: "S", HasAudio: true, OutputMode: archive.Individual},
		func(_ sessions.File, err error) { failed <- err }))
	must(t, r.Note("S", timeline.Event{Kind: timeline.Recording, Archive: "a", At: 10}))
	sound := av.Sample{Codec: av.Opus, Time: 500, Data: []byte{31 << 3}}
	must(t, sink.Append(sound))
	for sound.Time = 100; sound.Time < 103; sound.Time++ {
		if err := sink.Append(sound); !errors.Is(err, journal.ErrOrder) {
			t.Errorf("a late sample: %v", err)
		}
	}
	must(t, r.StreamEnded("S", "s", 600, "clientDisconnected"))
	must(t, r.Note("S", timeline.Event{Kind: timeline.Stopped, Archive: "a", At: 700}))
	must(t, <-failed) // the archive is complete all the same
	if n := r.Losses.Refused(); n != 3 {
		t.Errorf("%d samples refused", n)
	}
	first, sum := log.lines("sample not recorded"), log.lines("samples not recorded")
	if len(first) != 1 || len(sum) != 1 || !strings.Contains(sum[0], "stream=s samples=3") {
		t.Errorf("log %q, %q", first, sum)
	}
}
