package journal

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
)

// TestOrigins writes origins and reports of both kinds in turns and reads them back in the same order, plain and
// sealed. Readers of one kind see no reports.
func TestOrigins(t *testing.T) {
	for name, key := range map[string][]byte{"plain": nil, "sealed": make([]byte, 32)} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j := openWith(t, filepath.Join(dir, "j"), key)
			note(t, j, recording)
			w := begin(t, j, "s")
			var want []Item
			for i := range 6 {
				video, sound := frameAt(i), packetAt(i)
				video.Origin = av.Origin{Captured: av.Instant(990 - i), Stamp: int64(-5 + i), Reconnects: uint16(i / 3)}
				sound.Origin = av.Origin{Captured: av.Instant(995 + i), Guessed: i < 2, Stamp: 1 << 40}
				want = append(want, Item{Sample: video, Video: true}, Item{Sample: sound})
				if err := errors.Join(w.Append(video), w.Append(sound)); err != nil {
					t.Fatal(err)
				}
				if i == 2 {
					if err := w.Report(false, 77, 12345); err != nil {
						t.Fatal(err)
					}
					want = append(want, Item{Sample: av.Sample{Origin: av.Origin{Stamp: 77, Captured: 12345}}, Report: true})
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			r, err := j.Both("s")
			if err != nil {
				t.Fatal(err)
			}
			if got := drain(t, r); !reflect.DeepEqual(got, want) {
				t.Errorf("read\n%v\nwant\n%v", got, want)
			}
			for _, isVideo := range []bool{false, true} {
				list, err := readAll(t, j, "s", isVideo, 0)
				if err != nil || len(list) != 6 {
					t.Errorf("video %v: %d items, %v", isVideo, len(list), err)
				}
			}
		})
	}
}

func drain(t testing.TB, r *Reader) (list []Item) {
	t.Helper()
	defer r.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		it, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		it.Data = slices.Clone(it.Data)
		list = append(list, it)
	}
}

// TestDamagedEnd damages the only segment of a log that has ended. Its reader must report the damage once, then the
// end.
func TestDamagedEnd(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "j")
	j := open(t, dir)
	note(t, j, recording)
	w := begin(t, j, "s")
	for i := range 5 {
		if err := w.Append(frameAt(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := segmentPath(j, streamLog("s"), 1)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := j.Reader("s", true, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	torn := 0
	for range 10 {
		_, err := r.Next(t.Context())
		var damage *TornError
		switch {
		case errors.As(err, &damage):
			torn++
		case errors.Is(err, io.EOF):
			if torn != 1 {
				t.Errorf("told of damage %d times", torn)
			}
			return
		case err != nil:
			t.Fatal(err)
		}
	}
	t.Error("the log has no end")
}

// TestLastMediaBeforeRoll crashes just after every log has rolled, when the newest media is in the segment before.
func TestLastMediaBeforeRoll(t *testing.T) {
	dir := t.TempDir()
	j := open(t, filepath.Join(dir, "j"))
	note(t, j, recording)
	w := begin(t, j, "s")
	if err := w.Append(frameAt(5)); err != nil {
		t.Fatal(err)
	}
	key := make([]byte, 32)
	if err := j.Seal(key); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "crashed"), os.DirFS(filepath.Join(dir, "j"))); err != nil {
		t.Fatal(err)
	}
	last, ok := openWith(t, filepath.Join(dir, "crashed"), key).LastMedia()
	if !ok || last != frameAt(5).Time {
		t.Errorf("newest media at %d, %v; want %d", last, ok, frameAt(5).Time)
	}
}
