package main

import (
	"io"
	"slices"
	"strings"
	"testing"

	"reelcheck/reference/cmd/bench/internal/media"
)

func TestCommandLine(t *testing.T) {
	for _, args := range [][]string{{"-case", "nonsense"}, {"-case", "16xvga-480p,"}, {"extra"}, {"-runs", "x"}} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

// TestPeersDoTheSame: both put every picture where we do.
func TestPeersDoTheSame(t *testing.T) {
	c := rendering{streams: 16, source: [2]int{640, 480}, width: 1920, height: 1080}
	at := places(c, make([]media.Input, c.streams))
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
