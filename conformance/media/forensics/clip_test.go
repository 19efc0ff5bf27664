package forensics

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelcheck/conformance/media"
	"reelcheck/fixtures"
	"reelcheck/fixtures/ffmpegtest"
)

func manifest(tb testing.TB) fixtures.Manifest {
	tb.Helper()
	m, err := fixtures.Load()
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// input writes a fixture to a file that FFmpeg can open, and returns the arguments that open it.
func input(tb testing.TB, id string) []string {
	tb.Helper()
	m, dir := manifest(tb), tb.TempDir()
	path := filepath.Join(dir, id)
	if tone, err := m.Tone(id); err == nil {
		copyFixture(tb, tone.File, path)
		return []string{"-i", path}
	}
	v, err := m.Video(id)
	if err != nil {
		tb.Fatal(err)
	}
	if v.Codec != "H264" {
		copyFixture(tb, v.File, path)
		return []string{"-i", path}
	}
	frames, err := v.Frames()
	if err != nil {
		tb.Fatal(err)
	}
	var b []byte
	for _, f := range frames {
		b = append(b, f.Data...)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		tb.Fatal(err)
	}
	return []string{"-f", "h264", "-framerate", fmt.Sprint(v.FPS), "-i", path}
}

func copyFixture(tb testing.TB, name, path string) {
	tb.Helper()
	f, err := fixtures.Open(name)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(f); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		tb.Fatal(err)
	}
}

// clip makes an MP4 file of the fixtures with FFmpeg and a filter graph. The graph ends in [v] and [a] if it mentions
// them. It is encoded as a conforming archive is, unless args say otherwise.
func clip(tb testing.TB, ids []string, graph string, args ...string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "archive.mp4")
	cmd := []string{}
	for _, id := range ids {
		cmd = append(cmd, input(tb, id)...)
	}
	cmd = append(cmd, "-filter_complex", graph)
	if strings.Contains(graph, "[v]") {
		cmd = append(cmd, "-map", "[v]", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "0", "-g", "50", "-qp", "19", "-x264-params", "ipratio=1:scenecut=0")
	}
	if strings.Contains(graph, "[a]") {
		cmd = append(cmd, "-map", "[a]", "-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2")
	}
	cmd = append(cmd, "-t", "3", "-movflags", "+faststart")
	cmd = append(append(cmd, args...), path)
	ffmpegtest.Run(tb, cmd...)
	return path
}

func analyze(tb testing.TB, path string, o Options) media.Report {
	tb.Helper()
	o.Fixtures = manifest(tb)
	r, err := Analyze(context.Background(), path, o)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// grid returns a filter graph that stacks the first n inputs as tiles of w x h, with a number of columns, and names the
// result.
func grid(n, columns, w, h int, name string) string {
	var graph, labels strings.Builder
	var layout []string
	for i := range n {
		fmt.Fprintf(&graph, "[%d:v]scale=%d:%d[t%d];", i, w, h, i)
		fmt.Fprintf(&labels, "[t%d]", i)
		layout = append(layout, fmt.Sprintf("%d_%d", i%columns*w, i/columns*h))
	}
	fmt.Fprintf(&graph, "%sxstack=inputs=%d:layout=%s[%s]", labels.String(), n, strings.Join(layout, "|"), name)
	return graph.String()
}

// only returns the single appearance of a stream.
func only(tb testing.TB, r media.Report, id string) media.Appearance {
	tb.Helper()
	all := r.Picture.OfStream(id)
	if len(all) != 1 {
		tb.Fatalf("%s: %d appearances, want 1: %+v", id, len(all), all)
	}
	return all[0]
}
