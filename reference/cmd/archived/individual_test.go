package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"testing"

	"reelcheck/reference/internal/mux/matroska"
)

// startIndividual starts an individual archive.
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

// unpack reads an individual archive with another ZIP library than the server's, and verifies every checksum.
func unpack(t testing.TB, file []byte) (b bundle) {
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

// TestIndividual records one publisher and compares every frame with the published one.
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

// expectFrames checks that the blocks are consecutive frames of the fixtures, byte by byte, at the rate at which they were sent.
func expectFrames(t *testing.T, blocks []matroska.Block) {
	t.Helper()
	shots := shotsOf(t, blocks)
	expectSequence(t, shots)
	if len(shots) < int(2.5*videoRate) {
		t.Errorf("%d frames", len(shots))
	}
}
