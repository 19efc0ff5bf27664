package merge

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"reelcheck/fixtures/ffmpegtest"
)

// gray decodes the pictures of a file to gray, without rotation.
func gray(t *testing.T, name string) (list [][]byte) {
	t.Helper()
	raw := run(t, "-noautorotate", "-i", name, "-map", "0:v:0", "-pix_fmt", "gray", "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1")
	for picture := range slices.Chunk(raw, filmWidth*filmHeight) {
		list = append(list, picture)
	}
	return list
}

// apart returns the greatest difference of two pixels in the same place.
func apart(a, b []byte) (most int) {
	if bytes.Equal(a, b) { // which most are
		return 0
	}
	for i := range a {
		most = max(most, int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return most
}

// TestJoinsAtIDROnly joins recordings with key samples at which a decoder still needs earlier samples: those of open
// groups and of intra refresh. Every picture of the output that was not coded again must equal a picture of a source. A
// second recording that begins black has no usable IDR picture, so all of it must be coded again.
func TestJoinsAtIDROnly(t *testing.T) {
	t.Parallel()
	open := []string{"-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-x264-params", "open-gop=1:keyint=30:min-keyint=30:scenecut=0"}
	refresh := []string{"-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-x264-params", "intra-refresh=1:keyint=30:scenecut=0"}
	for _, tt := range []struct {
		name  string
		video []string
		blank int
	}{{"open groups", open, 0}, {"intra refresh", refresh, 0}, {"open groups after black", open, 8}, {"intra refresh after black", refresh, 8}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const begins, ends = 87, 240 // numbers of the first and the last picture of the second recording
			f := film{picture: ball, sound: speech}
			r := recording{video: tt.video, audio: plain.audio}
			a := f.record(t, r, 0, 137)
			f.blank = tt.blank
			b := f.record(t, r, begins, ends)
			out, res := merge(t, a, b)
			once(t, out, 0, ends)
			first, second := gray(t, a), gray(t, b)
			changed := 0
			for i, p := range gray(t, out) {
				off := 255
				if i < len(first) {
					off = apart(p, first[i])
				}
				if off > 0 && i >= begins {
					off = min(off, apart(p, second[i-begins]))
				}
				if off > 0 {
					changed++
				}
				if off > 40 {
					t.Errorf("picture %d differs from those of both sources by up to %d", i, off)
				}
			}
			if coded := int(res.Joints[0].Video.Seconds() * filmFPS); changed > coded || tt.blank == 0 && coded > 3 {
				t.Errorf("%d pictures are not those of the sources, %d were coded again", changed, coded)
			}
		})
	}
}

// turned returns a copy of a file whose pictures players rotate by quarters, clockwise.
func turned(t *testing.T, name string, quarters int) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const fromVersion = 4 + 8 + 4 + 4 + 4 + 8 + 2 + 2 + 2 + 2 // from the version to the matrix, in version 0
	at := bytes.Index(b, []byte("tkhd")) + 4 + fromVersion    // in the first track
	m := [][9]int32{
		{0: 1, 4: 1}, {1: 1, 3: -1, 6: filmHeight}, {0: -1, 4: -1, 6: filmWidth, 7: filmHeight}, {1: -1, 3: 1, 7: filmWidth},
	}[quarters]
	for i, v := range m {
		m[i] = v << 16
	}
	m[8] = 1 << 30
	if _, err := binary.Encode(b[at:], binary.BigEndian, m); err != nil {
		t.Fatal(err)
	}
	name = filepath.Join(t.TempDir(), "turned"+strconv.Itoa(90*quarters)+"-"+filepath.Base(name))
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// rotated returns the angle by which players rotate the pictures of a file, from ffprobe.
func rotated(t *testing.T, name string) string {
	t.Helper()
	return strings.TrimSpace(string(ffmpegtest.Probe(t, "-select_streams", "v", "-show_entries", "stream_side_data=rotation", "-of", "csv=p=0", name)))
}

// TestRotation joins clips of a phone that was held in different ways.
func TestRotation(t *testing.T) {
	t.Parallel()
	f := film{picture: ball, sound: speech}
	a, b := f.record(t, plain, 0, 103), f.record(t, plain, 63, 150) // a group of the first is coded again
	for quarters, want := range []string{"", "-90", "-180", "90"} {
		out, _ := merge(t, turned(t, a, quarters), turned(t, b, quarters))
		once(t, out, 0, 150)
		if got := rotated(t, out); got != want && "-"+got != want {
			t.Errorf("turned by %q, want %q", got, want)
		}
	}
	refuse(t, "rotation differs: 0 degrees and 90 degrees; ffmpeg -i IN.mp4 -c:a copy OUT.mp4 makes a file that needs none", a, turned(t, b, 1))
	refuse(t, "rotation differs: 180 degrees and 0 degrees", turned(t, a, 2), b)
}

// TestAspectOfTheContainer joins files whose pixels are not square, which only the container says.
func TestAspectOfTheContainer(t *testing.T) {
	t.Parallel()
	f := film{picture: ball, sound: speech}
	a, b := f.record(t, plain, 0, 103), f.record(t, plain, 63, 150)
	var wide []string
	for _, name := range []string{a, b} {
		wide = append(wide, filepath.Join(t.TempDir(), "wide-"+filepath.Base(name)))
		run(t, "-i", name, "-c", "copy", "-aspect", "4:1", wide[len(wide)-1])
	}
	out, _ := merge(t, wide...)
	once(t, out, 0, 150)
	made, err := mp4.ReadMP4File(out)
	if err != nil {
		t.Fatal(err)
	}
	if got := made.Moov.Trak.Tkhd; got.Width>>16 != 2*filmWidth || got.Height>>16 != filmHeight {
		t.Errorf("shown as %dx%d, want %dx%d", got.Width>>16, got.Height>>16, 2*filmWidth, filmHeight)
	}
	refuse(t, "pixel aspect ratio differs: 2:1 and 1:1", wide[0], b)
	refuse(t, "pixel aspect ratio differs: 1:1 and 2:1", a, wide[1])
}

// TestRingTone joins two recordings that share only a tone, which repeats every four seconds and begins both. Nothing of
// either may be cut, whether their different pictures stand still or not.
func TestRingTone(t *testing.T) {
	t.Parallel()
	ringing := soundtrack(func(i int) float32 {
		if i%(4*filmRate) > filmRate {
			return 0
		}
		return tone()[i]
	})
	low := func(_ int, luma []byte) { still(0, luma[filmWidth*60:]) }
	other := func(n int, luma []byte) { ball(n*3+500, luma) }
	for name, pictures := range map[string][2]func(int, []byte){"stills": {still, low}, "moving": {ball, other}} {
		a, b := film{picture: pictures[0], sound: ringing, plain: true}, film{picture: pictures[1], sound: ringing, plain: true}
		_, r := merge(t, a.record(t, composed, 0, 300), b.record(t, composed, 0, 300))
		if j := r.Joints[0]; j.Overlap != 0 {
			t.Errorf("%s: %+v", name, j)
		}
	}
}

// TestQuickTime reads AAC as QuickTime describes it.
func TestQuickTime(t *testing.T) {
	t.Parallel()
	f := film{picture: ball, sound: speech}
	mov := plain
	mov.rest = []string{"-f", "mov"}
	out, _ := merge(t, f.record(t, mov, 0, 100), f.record(t, plain, 60, 140))
	once(t, out, 0, 140)
	if off := heard(t, out, f, 0); off > late {
		t.Errorf("sound is up to %v off", off)
	}
	if data, err := os.ReadFile(out); err != nil || !bytes.Contains(data, []byte("esds")) || bytes.Contains(data, []byte("wave")) {
		t.Errorf("the output has an atom of QuickTime, or: %v", err)
	}
	first := f.record(t, plain, 0, 100)
	for codec, name := range map[string]string{"libmp3lame": "MP3", "flac -strict -2": `"fLaC"`, "ac3": `"ac-3"`} {
		other := plain
		other.audio = append([]string{"-c:a"}, strings.Fields(codec)...)
		file := f.record(t, other, 60, 140)
		refuse(t, file+": track 2: codec must be AAC, got "+name+"; ffmpeg -i IN -c:v copy -c:a aac OUT.mp4 codes the sound so", first, file)
	}
}

// TestDoubledTimes joins CMAF of FFmpeg, in which some fragments have the time of the next one.
func TestDoubledTimes(t *testing.T) {
	t.Parallel()
	f := film{picture: ball, sound: speech}
	for _, flags := range []string{"cmaf+delay_moov", "cmaf+delay_moov+frag_every_frame", "cmaf+delay_moov -frag_size 4000"} {
		for _, frames := range []string{"-bf 0 -g 20", "-bf 2 -g 20"} {
			r := plain
			r.video, r.rest = append(slices.Clone(r.video), strings.Fields(frames)...), append([]string{"-movflags"}, strings.Fields(flags)...)
			out, _ := merge(t, f.record(t, r, 0, 100), f.record(t, r, 60, 140))
			once(t, out, 0, 140)
		}
	}
}
