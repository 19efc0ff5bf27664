package forensics

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"

	"reelcheck/conformance/media"
	"reelcheck/fixtures/ffmpegtest"
)

// stream returns a clip as a transport stream.
func stream(t *testing.T, clip string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive.ts")
	ffmpegtest.Run(t, "-i", clip, "-c", "copy", "-f", "mpegts", path)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func analyzed(t *testing.T, b []byte) media.Report {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Analyze(t.Context(), path, Options{Fixtures: manifest(t)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestTransportStream checks that a transport stream is read like an MP4 file of the same samples, and that errors in it
// are found.
func TestTransportStream(t *testing.T) {
	file := clip(t, []string{"vp8-01", "tone-01"}, "[0:v]fps=25[v];[1:a]anull[a]", "-t", "2")
	b := stream(t, file)
	r := analyzed(t, b)
	if !r.Transport || r.Size != int64(len(b)) || r.Has(media.Broken) || r.Has(media.Undecodable) || r.Video == nil || r.Audio == nil {
		t.Fatalf("%+v", r)
	}
	if len(r.Picture.OfStream("vp8-01")) == 0 || len(r.Sound.OfTone("tone-01")) == 0 || math.Abs(r.Duration-2) > 0.1 {
		t.Errorf("shows %+v, sounds %+v, %.3f s", r.Picture, r.Sound, r.Duration)
	}
	if cut := analyzed(t, b[:len(b)-100]); !cut.Has(media.Broken) {
		t.Error("cut within a packet: nothing is wrong")
	}
	torn := bytes.Clone(b)
	for i := len(torn) / 3; i < len(torn)/2; i++ {
		torn[i] ^= 0x5a
	}
	if r := analyzed(t, torn); !r.Has(media.Undecodable) && !r.Has(media.Broken) && !r.Has(media.FrameCount) {
		t.Errorf("torn: %+v", r.Findings)
	}
	packets := bytes.Repeat(append([]byte{packetSync}, make([]byte, packetSize-1)...), 8)
	if r := analyzed(t, packets); !r.Transport || !r.Has(media.Broken) {
		t.Errorf("packets of nothing: %+v", r)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if r := analyzed(t, whole); r.Transport {
		t.Error("an MP4 file is taken for a transport stream")
	}
}
