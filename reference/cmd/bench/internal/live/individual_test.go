package live

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"reelcheck/reference/cmd/bench/internal/media"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/mux/matroska"
)

// TestCompareZIP checks that missing frames count as lost, and that changed or reordered frames are an error.
func TestCompareZIP(t *testing.T) {
	l := media.Loop{SoundLength: 40 * time.Millisecond, Sound: []av.Sample{{Data: []byte{0, 1}}, {Data: []byte{0, 2}}}}
	for i := range 3 {
		l.Video = append(l.Video, av.Sample{Data: []byte{byte(i)}})
	}
	const streams, seconds = 2, 1
	const all = streams * seconds * (30 + 50)
	for name, c := range map[string]struct {
		edit func(frames [][]byte) [][]byte // of the first stream
		lost int
		bad  bool
	}{
		"as sent":    {func(f [][]byte) [][]byte { return f }, 0, false},
		"two lost":   {func(f [][]byte) [][]byte { return append(f[:5:5], f[7:]...) }, 2, false},
		"tail lost":  {func(f [][]byte) [][]byte { return f[:20] }, 10, false},
		"altered":    {func(f [][]byte) [][]byte { f[3][0] ^= 1; return f }, 0, true},
		"repeated":   {func(f [][]byte) [][]byte { return append(f, f[29]) }, 0, true},
		"exchanged":  {func(f [][]byte) [][]byte { f[3], f[4] = f[4], f[3]; return f }, 0, true},
		"of another": {func(f [][]byte) [][]byte { f[3] = stamp{2, 3, true}.append([]byte{0}); return f }, 0, true},
		"no stamp":   {func(f [][]byte) [][]byte { f[3] = []byte("short"); return f }, 0, true},
	} {
		file := filepath.Join(t.TempDir(), "archive.zip")
		out, err := os.Create(file)
		must(t, err)
		z := zip.NewWriter(out)
		for stream := 1; stream <= streams; stream++ {
			frames, packets, err := stamped(l, stream, seconds)
			must(t, err)
			if stream == 1 {
				frames = c.edit(frames)
			}
			w, err := z.Create(fmt.Sprintf("%d.webm", stream))
			must(t, err)
			_, err = w.Write(film(frames, packets))
			must(t, err)
		}
		_, err = z.Create("manifest.json")
		must(t, err)
		must(t, z.Close())
		must(t, out.Close())
		lost, found, err := compareZIP(file, l, streams, seconds)
		if (err != nil) != c.bad || !c.bad && (lost != c.lost || lost+found != all) {
			t.Errorf("%s: %d lost, %d found, %v", name, lost, found, err)
		}
	}
}

// film returns a WebM file with all frames in one cluster.
func film(frames, packets [][]byte) []byte {
	var blocks []byte
	for _, f := range frames {
		blocks = matroska.AppendBlock(blocks, matroska.VideoTrack, 0, true, f)
	}
	for _, p := range packets {
		blocks = matroska.AppendBlock(blocks, matroska.AudioTrack, 0, true, p)
	}
	cluster := append(matroska.AppendCluster(nil, 0, int64(len(blocks))), blocks...)
	head := matroska.Head{WebM: true, Video: av.VP8, Channels: 1, Body: int64(len(cluster))}
	return append(head.Bytes(), cluster...)
}
