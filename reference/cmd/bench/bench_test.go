package main

import (
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCommandLine(t *testing.T) {
	for _, args := range [][]string{{"-case", "nonsense"}, {"-case", "16xvga-480p,"}, {"extra"}, {"-runs", "x"}} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

// TestHarness checks that what fails a test becomes an error, and that the cleanups run.
func TestHarness(t *testing.T) {
	h, ended := &harness{ctx: t.Context()}, 0
	err := h.do(func() {
		h.Cleanup(func() { ended++ })
		h.Fatalf("frame %d", 7)
	})
	if err == nil || err.Error() != "frame 7" || ended != 1 {
		t.Errorf("%v, %d ended", err, ended)
	}
	if err := h.do(func() {}); err != nil {
		t.Errorf("of nothing: %v", err)
	}
}

// TestSearch checks the result and the number of tries, since a real try takes half a minute.
func TestSearch(t *testing.T) {
	const limit = 20
	for goes := 0; goes <= limit+5; goes++ {
		tries := 0
		got, err := search(limit, func(n int) (bool, error) { tries++; return n <= goes, nil })
		if err != nil || got != min(goes, limit) || tries > 9 {
			t.Errorf("of %d: %d after %d tries, %v", goes, got, tries, err)
		}
	}
	if _, err := search(limit, func(n int) (bool, error) { return true, errors.New("try") }); err == nil {
		t.Error("no error")
	}
}

// TestMeasure runs a program whose child does the work.
func TestMeasure(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is read from /proc")
	}
	f, err := measure(t.Context(), []string{"sh", "-c", "sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'; sleep 1.2; true"})
	if err != nil || f.wall < time.Second || f.cpu < 10*time.Millisecond || f.pss < 50<<10 {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := measure(t.Context(), []string{"sh", "-c", "echo why; exit 3"}); err == nil || !strings.Contains(err.Error(), "why") {
		t.Errorf("of a program that fails: %v", err)
	}
}

// TestPeersDoTheSame checks that both peers put every picture where we do.
func TestPeersDoTheSame(t *testing.T) {
	c := rendering{streams: 16, source: [2]int{640, 480}, width: 1920, height: 1080}
	at := places(c, make([]input, c.streams))
	if last := at[15]; len(at) != 16 || last.X != 1500 || last.Y != 810 || last.W != 360 || last.H != 270 {
		t.Fatalf("%d places, the last is %+v", len(at), last.Rect)
	}
	graph := strings.Join(ffmpegPeer(c, at, "out.mp4"), " ")
	if !strings.Contains(graph, "scale=360:270:flags=bilinear[v15]") || !strings.Contains(graph, "|1500_810,pad=1920:1080[v]") {
		t.Errorf("ffmpeg: %s", graph)
	}
	pipeline := gstreamerPeer(c, at, "out.mp4")
	for _, want := range []string{"sink_15::xpos=1500", "sink_15::ypos=810", "sink_15::width=360", "sink_15::height=270", "quantizer=19", "speed-preset=ultrafast"} {
		if !slices.Contains(pipeline, want) {
			t.Errorf("gstreamer lacks %s", want)
		}
	}
}
