package matroska

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/reference/internal/av"
)

// TestRoundTrip reads what it wrote, with decreasing times and blocks before their cluster's time.
func TestRoundTrip(t *testing.T) {
	var blocks []byte
	blocks = AppendBlock(blocks, VideoTrack, 0, true, []byte{1, 2, 3})
	blocks = AppendBlock(blocks, AudioTrack, -20, true, []byte{31 << 3})
	blocks = AppendBlock(blocks, VideoTrack, 32767, false, bytes.Repeat([]byte{7}, 300))
	body := append(AppendCluster(nil, 5000, int64(len(blocks))), blocks...)
	head := Head{WebM: true, Video: av.VP8, Channels: 2, Duration: 40 * time.Second, Connection: "one", Body: int64(len(body))}
	file := append(head.Bytes(), body...)
	var got []Block
	tags := map[string]string{}
	told := Told{Tag: func(name, value string) { tags[name] = value }}
	if err := ReadTold(bytes.NewReader(file), told, func(b Block) error { got = append(got, b); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(tags) != 1 || tags[ConnectionTag] != "one" {
		t.Errorf("tags %v", tags)
	}
	if len(got) != 3 || got[0].Time != 5*time.Second || got[1].Time != 4980*time.Millisecond || got[2].Time != 37767*time.Millisecond ||
		got[1].Track.Codec != av.Opus || !bytes.Equal(got[0].Data, []byte{1, 2, 3}) || len(got[2].Data) != 300 {
		t.Errorf("%+v", got)
	}
}

// TestHead lets FFmpeg read the header.
func TestHead(t *testing.T) {
	block := AppendBlock(nil, AudioTrack, 0, true, []byte{31 << 3, 0, 0})
	body := append(AppendCluster(nil, 0, int64(len(block))), block...)
	head := Head{WebM: true, Video: av.VP8, Channels: 1, Duration: 2500 * time.Millisecond, Connection: "of one", Body: int64(len(body))}
	path := filepath.Join(t.TempDir(), "head.webm")
	if err := os.WriteFile(path, append(head.Bytes(), body...), 0o600); err != nil {
		t.Fatal(err)
	}
	out := ffmpegtest.Probe(t, "-of", "csv", "-show_entries", "format=duration:format_tags:stream=codec_name,width,height,channels,sample_rate", path)
	for _, want := range []string{"stream,vp8,640,480", "stream,opus,48000,1", "format,2.500000,", "of one"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%s\nwant %s", out, want)
		}
	}
}

func FuzzAVCPrivate(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 0xd9, 0, 0, 0, 1, 0x68, 0xcb, 0x83, 0xcb, 0x20})
	f.Add([]byte{0, 0, 1, 0x67, 0, 0, 1, 0x68})
	f.Fuzz(func(t *testing.T, key []byte) {
		private, err := AVCPrivate(key)
		if err == nil && (len(private) < 7 || private[0] != 1) {
			t.Errorf("% x", private)
		}
	})
}
