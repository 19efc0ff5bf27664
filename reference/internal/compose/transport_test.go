package compose

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"reelcheck/fixtures/ffmpegtest"
)

// TestTransportStream checks that a transport stream holds the same pictures and sound, and that all of it goes through
// Output.
func TestTransportStream(t *testing.T) {
	t.Parallel()
	s := newSession(t, 3*time.Second, publisher{id: "one", video: vp8(t, moves, 3), sound: tone(t, 440, 3)})
	s.write()
	file, _ := s.compose(small)
	var passed bytes.Buffer
	o := small
	o.Transport = true
	o.Output = func(w io.Writer) io.Writer { return io.MultiWriter(w, &passed) }
	stream, r := s.compose(o)
	if r.Duration != 3*time.Second || len(stream)%16 != 0 || len(stream)%188 != 0 || !bytes.Equal(stream, passed.Bytes()) {
		t.Errorf("%d bytes, %d of them through the output, %v", len(stream), passed.Len(), r)
	}
	if again, _ := s.compose(o); !bytes.Equal(again, stream) {
		t.Error("composed again it is another")
	}
	if got, want := pixels(t, stream), pixels(t, file); !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("%d pictures, want the %d of the file", len(got), len(want))
	}
	times := probe(t, stream, "packet=codec_type,pts_time,flags")
	first := map[string]string{}
	for _, line := range times {
		if kind, at, ok := strings.Cut(line, ","); ok && first[kind] == "" {
			first[kind] = strings.TrimRight(at, ",")
		}
	}
	// The 1024 samples that prime the encoder come before the first picture.
	if first["video"] != "1.000000,K_" || first["audio"] != "0.978667,K_" {
		t.Errorf("the first packets are at %v", first)
	}
	pcm := heard(t, stream)
	if db := level(pcm[48000:96000], 440); db < -30 {
		t.Errorf("the tone has %.1f dB", db)
	}
	checkOrder(t, times)
}

// checkOrder checks that packets are interleaved by time, so that a player need not read far ahead.
func checkOrder(t *testing.T, packets []string) {
	t.Helper()
	latest := 0.0
	for _, line := range packets {
		var at float64
		if _, err := fmt.Sscan(strings.Split(line, ",")[1], &at); err != nil {
			t.Fatal(line, err)
		}
		if at < latest-0.1 {
			t.Errorf("a packet of %.3f s comes after one of %.3f s", at, latest)
		}
		latest = max(latest, at)
	}
}

func probe(t *testing.T, file []byte, entries string) []string {
	t.Helper()
	return strings.Fields(string(ffmpegtest.Probe(t, "-show_entries", entries, "-of", "csv=p=0", save(t, file))))
}

func TestTransportStreamOfOneKind(t *testing.T) {
	t.Parallel()
	s := newSession(t, time.Second, publisher{id: "one", video: vp8(t, moves, 1), sound: tone(t, 440, 1)})
	s.write()
	for want, o := range map[string]Options{
		"h264": {Width: 640, Height: 480, HasVideo: true, Transport: true},
		"aac":  {Width: 640, Height: 480, HasAudio: true, Transport: true},
	} {
		b, _ := s.compose(o)
		if got := probe(t, b, "stream=codec_name"); len(b)%16 != 0 || !slices.Contains(got, want) || len(slices.Compact(got)) != 1 {
			t.Errorf("%d bytes of %v, want %s", len(b), got, want)
		}
	}
	silent := newSession(t, time.Second)
	silent.write()
	o := small
	o.Transport = true
	if b, r := silent.compose(o); len(b) != 0 || r.Size != 0 {
		t.Errorf("nobody published: %d bytes", len(b))
	}
}
