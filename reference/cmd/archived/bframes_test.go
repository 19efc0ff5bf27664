package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"reelcheck/fixtures"
	"reelcheck/reference/internal/whiptest"
)

// TestBFrames records the output of an encoder with B slices, in a composed and an individual archive. Every picture must be shown at its
// capture time.
func TestBFrames(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	c := isolatedClient(t, p, map[string]any{})
	session := c.createSession()
	units, order := withBSlices(t)
	manifest, err := fixtures.Load()
	must(t, err)
	tone, err := manifest.Tone("tone-01")
	must(t, err)
	sounds, err := tone.Packets()
	must(t, err)
	var packets [][]byte
	for _, sound := range sounds {
		packets = append(packets, sound.Data)
	}
	publisher := c.publishThis(session, nil, whiptest.Options{Frames: units, Order: order, Codec: "H264", Packets: packets})
	var composed, individual archiveView
	recorded := span{from: act(publisher, func() {
		composed = c.startArchive(session)
		c.call("POST", c.project()+"/archive", map[string]string{"sessionId": session, "outputMode": "individual", "multiArchiveTag": "files"}, &individual)
	})}
	publisher.AwaitSent(recorded.from.late + seconds(4))
	recorded.to = act(publisher, func() { c.stopArchive(composed.ID); c.stopArchive(individual.ID) })
	composed, individual = c.awaitStatus(composed.ID, "available"), c.awaitStatus(individual.ID, "available")
	publisher.Stop()

	watch(t, download(t, composed.URL)).expect(t, recorded, 0)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "archive.zip"), filepath.Join(dir, "composed.mp4")
	must(t, os.WriteFile(in, download(t, individual.URL), 0o600))
	if said, err := exec.Command(bin, "compose", in, "-o", out).CombinedOutput(); err != nil {
		t.Fatalf("archived compose: %v: %s", err, said)
	}
	film, err := os.ReadFile(out)
	must(t, err)
	watch(t, film).expect(t, recorded, 0)
	p.terminate()
}

// withBSlices returns the fixture video as H.264 with B slices: its access units in decoding order, and the number of each unit's picture.
func withBSlices(t *testing.T) (units [][]byte, order []int) {
	t.Helper()
	dir := t.TempDir()
	file, stream := filepath.Join(dir, "b.mp4"), filepath.Join(dir, "b.h264")
	run := func(program string, args string) []byte {
		out, err := exec.Command(program, strings.Fields(args)...).Output()
		must(t, err)
		return out
	}
	run("ffmpeg", "-v error -i ../../../fixtures/media/"+video+".ivf -c:v libx264 -preset veryfast -profile:v main -bf 2 -b_strategy 0 -g 30 "+
		"-x264-params scenecut=0:open-gop=0 "+file)
	run("ffmpeg", "-v error -i "+file+" -c copy -bsf:v h264_mp4toannexb,h264_metadata=aud=insert -f h264 "+stream)
	rows, err := csv.NewReader(bytes.NewReader(run("ffprobe", "-v error -select_streams v -show_entries packet=pts_time -of csv=p=0 "+file))).ReadAll()
	must(t, err)
	for _, row := range rows {
		at, err := strconv.ParseFloat(row[0], 64)
		must(t, err)
		order = append(order, int(at*videoRate+0.5))
	}
	first := slices.Min(order)
	for i := range order {
		order[i] -= first
	}
	units = accessUnits(t, stream)
	if len(units) != len(order) || slices.IsSorted(order) {
		t.Fatalf("%d access units, %d times, in the order of showing: %t", len(units), len(order), slices.IsSorted(order))
	}
	return units, order
}
