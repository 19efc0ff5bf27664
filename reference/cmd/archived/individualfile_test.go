package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/mux/matroska"
	"reelcheck/reference/internal/whiptest"
)

// TestIndividualMuteAndResize checks that a muted camera leaves a gap in the times of its file, that a change of size continues in the same
// file, and that no tool complains about either.
func TestIndividualMuteAndResize(t *testing.T) {
	t.Parallel()
	const muted, resized = 3, "aspect"
	e := gather(t, 1)
	e.joinWith(whiptest.Options{Video: resized, Tone: "tone-02", VideoType: "screen"})
	a, from := e.start(map[string]any{"outputMode": "individual"})
	e.pass(2)
	e.publishers[0].Mute(true)
	e.pass(muted)
	e.publishers[0].Mute(false)
	e.pass(2)
	to := e.act(func() { e.client.stopArchive(a.ID) })
	b := e.delivered(a.ID)
	if len(b.of(0)) != 1 || len(b.of(1)) != 1 {
		t.Fatalf("files %+v", b.manifest.Files)
	}
	camera, screen := b.of(0)[0], b.of(1)[0]
	shots := shotsOf(t, b.blocks[camera.Filename])
	expectSpan(t, shots, span{from[0], to[0]}, 0)
	gaps := 0
	for i, s := range shots[1:] {
		if s.number == shots[i].number+1 {
			continue
		}
		gaps++
		if gap := s.at - shots[i].at; (gap-frames(s.number-shots[i].number)).Abs() > 20*time.Millisecond || (gap-muted*time.Second).Abs() > edge {
			t.Errorf("frame %d comes %v after frame %d", s.number, gap, shots[i].number)
		}
	}
	if gaps != 1 {
		t.Errorf("%d gaps in %d frames", gaps, len(shots))
	}
	b.expectSound(t, camera, 0)
	b.expectSound(t, screen, 0)
	if blocks := b.blocks[screen.Filename]; screen.VideoType != "screen" || len(sizesOf(blocks)) < 2 || !sent(blocks, fixture(t, resized), bytes.Clone) {
		t.Errorf("the file of the screen, %+v, does not consist of what was sent", screen)
	}
	expectNoComplaint(t, e.bucket.object(t, e.client.app.ID+"/"+a.ID+"/archive.zip"))
	e.server.terminate()
}

// sizesOf returns the sizes in the key frames of VP8 (RFC 6386 section 9.1).
func sizesOf(blocks []matroska.Block) map[[2]int]bool {
	found := map[[2]int]bool{}
	for _, b := range blocks {
		if width, height, key := av.VP8Key(b.Data); b.Track.Codec == av.VP8 && key {
			found[[2]int{width, height}] = true
		}
	}
	return found
}

// expectNoComplaint lets all installed tools read an individual archive to its end.
func expectNoComplaint(t *testing.T, file []byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	must(t, err)
	for _, f := range z.File {
		if f.Name == "manifest.json" {
			continue
		}
		r, err := f.Open()
		must(t, err)
		content, err := io.ReadAll(r)
		must(t, err)
		path := filepath.Join(t.TempDir(), f.Name)
		must(t, os.WriteFile(path, content, 0o600))
		complains(t, "ffprobe", "-v", "warning", path)
		// Uses the time base of the file. With that of a guessed frame rate, two pictures of a busy sender may get the same time.
		complains(t, "ffmpeg", "-v", "warning", "-i", path, "-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "null", "-")
		if _, err := exec.LookPath("mkvinfo"); err == nil {
			if out, err := exec.Command("mkvinfo", "-v", path).CombinedOutput(); err != nil || bytes.Contains(out, []byte("Warning")) {
				t.Errorf("mkvinfo: %v: %s", err, out)
			}
		}
	}
}

// complains fails the test if the program writes anything.
func complains(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%s %v: %v: %s", name, args, err, out)
	}
}
