package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"testing"
	"time"

	"reelcheck/fixtures"
	"reelcheck/reference/internal/individual/matroska"
)

// startIndividual starts an archive of single files.
func (c client) startIndividual(sessionID string) (a archiveView) {
	c.t.Helper()
	c.call(http.MethodPost, c.project()+"/archive", map[string]string{"sessionId": sessionID, "outputMode": "individual"}, &a)
	return a
}

// bundle is an individual archive that was read.
type bundle struct {
	manifest struct {
		ID, Name, SessionID, PartnerID string
		CreatedAt                      int64
		Files                          []mediaFile
	}
	blocks map[string][]matroska.Block // by file name
}

type mediaFile struct {
	ConnectionData, Filename, StreamID, VideoType string
	Size, StartTimeOffset, StopTimeOffset         int64
}

// unpack reads an individual archive with another ZIP library's eyes than those that wrote it: every checksum is verified.
func unpack(t *testing.T, file []byte) (b bundle) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	must(t, err)
	b.blocks = map[string][]matroska.Block{}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		content, err := io.ReadAll(r)
		must(t, err)
		if f.Method != zip.Store || f.Flags != 0 {
			t.Errorf("%s: method %d, flags %d, want stored without data descriptor", f.Name, f.Method, f.Flags)
		}
		if path.Ext(f.Name) == ".json" {
			must(t, json.Unmarshal(content, &b.manifest))
			continue
		}
		must(t, matroska.Read(bytes.NewReader(content), func(block matroska.Block) error {
			b.blocks[f.Name] = append(b.blocks[f.Name], block)
			return nil
		}))
	}
	return b
}

// TestIndividual records one publisher and compares every frame with what was published.
func TestIndividual(t *testing.T) {
	t.Parallel()
	p, c, session, publisher := onAir(t, map[string]any{"connection_data": `{"name":"Zoë \"Z\""}`})
	a := c.startIndividual(session)
	from := publisher.Sent()
	publisher.AwaitSent(from + seconds(4))
	c.stopArchive(a.ID)
	a = c.awaitStatus(a.ID, "available")
	file := download(t, a.URL)
	expectFile(t, a, file)
	b := unpack(t, file)
	if len(b.manifest.Files) != 1 || b.manifest.ID != a.ID || b.manifest.SessionID != session || b.manifest.PartnerID != c.app.ID {
		t.Fatalf("manifest %+v", b.manifest)
	}
	f := b.manifest.Files[0]
	if f.Filename != f.StreamID+".webm" || f.VideoType != "camera" || f.ConnectionData != `{"name":"Zoë \"Z\""}` {
		t.Errorf("file %+v", f)
	}
	if length := f.StopTimeOffset - f.StartTimeOffset; f.StartTimeOffset > 1200 || length < 2500 || length > 5500 {
		t.Errorf("from %d to %d ms", f.StartTimeOffset, f.StopTimeOffset)
	}
	expectFrames(t, b.blocks[f.Filename])
	publisher.Stop()
	p.terminate()
}

// expectFrames wants consecutive frames of the fixtures, byte by byte, at the distance at which they were sent, sound and picture in step.
func expectFrames(t *testing.T, blocks []matroska.Block) {
	t.Helper()
	manifest, err := fixtures.Load()
	must(t, err)
	v, err := manifest.Video(video)
	must(t, err)
	frames, err := v.Frames()
	must(t, err)
	number := map[[32]byte]int{}
	for i, f := range frames {
		number[sha256.Sum256(f.Data)] = i
	}
	last, at, seen := -1, time.Duration(0), 0
	for _, b := range blocks {
		if !b.Track.Codec.Video() {
			continue
		}
		n, known := number[sha256.Sum256(b.Data)]
		switch {
		case !known:
			t.Fatalf("frame at %v was never published", b.Time)
		case last < 0 && !b.Key:
			t.Errorf("the first frame is no key frame")
		case last >= 0 && (last+1)%len(frames) != n:
			t.Errorf("frame %d after %d", n, last)
		case last >= 0 && (b.Time-at-time.Second/videoRate).Abs() > 20*time.Millisecond:
			t.Errorf("frame %d is %v after the one before", n, b.Time-at)
		}
		last, at, seen = n, b.Time, seen+1
	}
	if seen < int(2.5*videoRate) {
		t.Errorf("%d frames", seen)
	}
}
