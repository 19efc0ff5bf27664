package forensics

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"reelcheck/conformance/media"
)

func write(t *testing.T, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive.mp4")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFilesThatAreNoArchive(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content []byte
		want    media.Kind
	}{
		"empty":         {nil, media.Empty},
		"one byte":      {[]byte{0}, media.Broken},
		"text":          {[]byte("<html>not found</html>, and somewhat longer"), media.Broken},
		"zip":           {[]byte("PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00"), media.Broken},
		"ftyp only":     {[]byte("\x00\x00\x00\x10ftypisom\x00\x00\x02\x00"), media.Broken},
		"moov too long": {[]byte("\x00\x00\x00\x10ftypisom\x00\x00\x02\x00\x7f\x00\x00\x00moov"), media.Broken},
		"empty moov":    {[]byte("\x00\x00\x00\x10ftypisom\x00\x00\x02\x00\x00\x00\x00\x08moov"), media.NoVideo},
	} {
		r, err := Analyze(context.Background(), write(t, c.content), Options{Fixtures: manifest(t), FFmpeg: "no such program"})
		if err != nil || !r.Has(c.want) {
			t.Errorf("%s: findings %v, error %v; want %s", name, r.Findings, err, c.want)
		}
	}
}

func TestCutAndDamagedFiles(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(clip(t, []string{"vp8-01", "tone-01"}, "[0:v]scale=320:240[v];[1:a]anull[a]", "-t", "1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{20, 100, 1000, len(whole) / 2, len(whole) - 1} {
		r := analyze(t, write(t, whole[:n]), Options{})
		if !r.Has(media.Broken) {
			t.Errorf("first %d of %d bytes: findings %v, want broken", n, len(whole), r.Findings)
		}
	}
	damaged := bytes.Clone(whole)
	rng := rand.New(rand.NewPCG(1, 2))
	at := bytes.Index(damaged, []byte("mdat")) + 400
	for i := at; i < len(damaged); i += 1 + rng.IntN(40) {
		damaged[i] ^= byte(1 << rng.IntN(8))
	}
	if r := analyze(t, write(t, damaged), Options{}); !r.Has(media.Undecodable) && !r.Has(media.Broken) {
		t.Errorf("damaged media: findings %v", r.Findings)
	}
}

func TestWhatStopsTheAnalysis(t *testing.T) {
	t.Parallel()
	path := clip(t, []string{"vp8-01"}, "[0:v]scale=320:240[v]", "-t", "1")
	if _, err := Analyze(context.Background(), path+".gone", Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Analyze(context.Background(), path, Options{FFmpeg: "no-such-ffmpeg"}); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("missing FFmpeg: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
	defer cancel()
	if _, err := Analyze(ctx, path, Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended context: %v", err)
	}
	r, err := Analyze(context.Background(), path, Options{NoDecode: true, FFmpeg: "no-such-ffmpeg"})
	if err != nil || r.Video == nil || r.Picture != nil {
		t.Errorf("without decoding: %+v, %v", r, err)
	}
}

// FuzzInspect checks that inspect describes any bytes and returns. The seed is a real file of 0.4 s with B-frames and
// edit lists (FFmpeg: testsrc 64x48 and sine), so that mutations reach every table.
func FuzzInspect(f *testing.F) {
	whole, err := os.ReadFile(filepath.Join("testdata", "small.mp4"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte{})
	f.Add([]byte("\x00\x00\x00\x01mdat\x00\x00\x00\x00\x00\x00\x00\x10"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, fa := inspect(bytes.NewReader(b), int64(len(b)))
		if r.Video != nil && r.Video.Samples < 0 || len(fa.times) > len(b)+1 {
			t.Errorf("%d times for %d bytes", len(fa.times), len(b))
		}
	})
}

// TestFilesNameNoOthers checks that a file which is a list of other files makes FFmpeg read none of them.
func TestFilesNameNoOthers(t *testing.T) {
	t.Parallel()
	var asked atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true) }))
	defer s.Close()
	other := clip(t, []string{"vp8-01"}, "[0:v]scale=320:240[v]", "-t", "1")
	for name, list := range map[string]string{
		"a web address": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n" + s.URL + "/a.ts\n#EXT-X-ENDLIST\n",
		"a file":        "ffconcat version 1.0\nfile " + filepath.Base(other) + "\n",
	} {
		path := filepath.Join(filepath.Dir(other), "list.mp4")
		if err := os.WriteFile(path, []byte(list), 0o644); err != nil {
			t.Fatal(err)
		}
		n := 0
		complaint, err := decode(t.Context(), "ffmpeg", []string{"-i", path, "-f", "rawvideo", "pipe:1"}, func(r io.Reader) error {
			b, err := io.ReadAll(r)
			n = len(b)
			return err
		})
		if n > 0 || complaint == "" || err != nil || asked.Load() {
			t.Errorf("%s: %d bytes, %q, %v, asked %v", name, n, complaint, err, asked.Load())
		}
	}
}
