package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/fixtures/mark"
)

// A foreign publisher changes the picture and plays a tone at every beat. A mark in the picture gives the number of the beat. The tones repeat
// in a fixed order.
const (
	beatStream        = 60 // stream number in the marks
	markLeft, markTop = 176, 192
	toneLength        = 100 * time.Millisecond
)

var beatTones = []int{500, 750, 1100, 1600, 2400} // Hz

// beats are the beats found in the picture and the sound of a file.
type beats struct {
	flash map[int]time.Duration // first picture of each beat
	beep  map[int]time.Duration
	dark  []time.Duration // pictures without a mark after the first one with a mark
}

// beatRange is a range of beats. It is empty if to is 0.
type beatRange struct{ from, to int }

func (r beatRange) has(beat int) bool { return beat >= r.from && beat <= r.to && r.to > 0 }

// forget removes a range of beats, and the dark pictures during it, so that they are not judged.
func (b *beats) forget(r beatRange) {
	if r.to == 0 {
		return
	}
	begin, end := b.flash[r.from-1], b.flash[r.to+1]
	b.dark = slices.DeleteFunc(b.dark, func(at time.Duration) bool { return at > begin && at < end })
	for beat := r.from; beat <= r.to; beat++ {
		delete(b.flash, beat)
		delete(b.beep, beat)
	}
}

var timeShown = regexp.MustCompile(`(?m)showinfo.* pts_time:(-?[0-9.]+)(?:.* rate:([0-9]+) nb_samples:([0-9]+))?`)

// timed is a picture, or a piece of sound, of a file with its presentation time.
type timed struct {
	at            time.Duration
	rate, samples int // for sound
}

// decodeTimed decodes a file with FFmpeg. It returns the concatenated pictures or sound and the presentation time of each piece.
func decodeTimed(t *testing.T, path string, args ...string) (raw []byte, list []timed) {
	t.Helper()
	args = append([]string{"-threads", "1", "-i", path}, args...)
	raw, log := ffmpegtest.Logged(t, append(args, "-")...)
	for _, m := range timeShown.FindAllStringSubmatch(log, -1) {
		seconds, err := strconv.ParseFloat(m[1], 64)
		must(t, err)
		one := timed{at: time.Duration(seconds * float64(time.Second))}
		if m[2] != "" {
			one.rate, err = strconv.Atoi(m[2])
			must(t, err)
			one.samples, err = strconv.Atoi(m[3])
			must(t, err)
		}
		list = append(list, one)
	}
	return raw, list
}

// listen finds the beats of a file with one stream that fills the picture. period is the time between beats.
func listen(t *testing.T, path string, period time.Duration) beats {
	t.Helper()
	b := beats{flash: map[int]time.Duration{}, beep: map[int]time.Duration{}}
	b.look(t, path)
	b.hear(t, path, period)
	return b
}

func (b *beats) look(t *testing.T, path string) {
	t.Helper()
	filter := fmt.Sprintf("scale=640:480,format=gray,crop=%d:%d:%d:%d,showinfo", mark.Width, mark.Height, markLeft, markTop)
	raw, pictures := decodeTimed(t, path, "-an", "-vf", filter, "-fps_mode", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo")
	if len(raw) != len(pictures)*mark.Width*mark.Height {
		t.Fatalf("%d bytes of %d pictures", len(raw), len(pictures))
	}
	for i, picture := range slices.Collect(slices.Chunk(raw, mark.Width*mark.Height)) {
		r, ok := mark.Decode(mark.Plane{Pix: picture, Stride: mark.Width, W: mark.Width, H: mark.Height}, mark.Box{W: mark.Width, H: mark.Height})
		if !ok || r.Stream != beatStream {
			if len(b.flash) > 0 {
				b.dark = append(b.dark, pictures[i].at)
			}
			continue
		}
		if _, seen := b.flash[r.Frame]; !seen {
			b.flash[r.Frame] = pictures[i].at
		}
	}
}

// hear finds the tones. A tone gives its number only modulo len(beatTones); the nearest picture gives the rest.
func (b *beats) hear(t *testing.T, path string, period time.Duration) {
	t.Helper()
	raw, parts := decodeTimed(t, path, "-vn", "-af", "aformat=sample_fmts=s16:channel_layouts=mono,ashowinfo", "-f", "s16le")
	var heard []int
	for _, tone := range tones(raw, parts) {
		n, ok := b.number(tone, heard, period)
		if !ok {
			continue
		}
		if _, twice := b.beep[n]; twice {
			t.Errorf("beat %d sounds at %v and at %v", n, b.beep[n], tone.at)
			continue
		}
		b.beep[n] = tone.at
		heard = append(heard, n)
	}
}

// number returns the beat of a tone, from the pictures around it or, if there are none, from the tone before it.
func (b *beats) number(tone tone, heard []int, period time.Duration) (n int, ok bool) {
	best := time.Duration(len(beatTones)) * period / 2
	for beat, at := range b.flash {
		if off := (tone.at - at).Abs(); beat%len(beatTones) == tone.kind && off < best {
			n, best, ok = beat, off, true
		}
	}
	if ok || len(heard) == 0 {
		return n, ok
	}
	last := heard[len(heard)-1]
	expected := float64(last) + (tone.at-b.beep[last]).Seconds()/period.Seconds()
	turns := math.Round((expected - float64(tone.kind)) / float64(len(beatTones)))
	return tone.kind + int(turns)*len(beatTones), true
}

// tone is one of beatTones with its beginning.
type tone struct {
	at   time.Duration
	kind int
}

// tones finds tones that begin after silence.
func tones(raw []byte, parts []timed) (found []tone) {
	const loud = 3000
	quiet := time.Duration(-1 << 62)
	for _, part := range parts {
		for i := range part.samples {
			at := part.at + time.Duration(i)*time.Second/time.Duration(part.rate)
			if sample := int16(binary.LittleEndian.Uint16(raw[2*i:])); sample > -loud && sample < loud {
				continue
			}
			if at-quiet > toneLength {
				found = append(found, tone{at, loudest(raw[2*i:], part.rate)})
			}
			quiet = at
		}
		raw = raw[2*part.samples:]
	}
	return found
}

// loudest returns the index in beatTones of the tone at the beginning of some sound.
func loudest(raw []byte, rate int) (kind int) {
	var best float64
	length := min(len(raw)/2, rate*int(toneLength/time.Millisecond)/2000)
	for k, frequency := range beatTones {
		var re, im float64
		for i := range length {
			sample := float64(int16(binary.LittleEndian.Uint16(raw[2*i:])))
			sin, cos := math.Sincos(2 * math.Pi * float64(frequency) * float64(i) / float64(rate))
			re, im = re+sample*cos, im+sample*sin
		}
		if power := re*re + im*im; power > best {
			best, kind = power, k
		}
	}
	return kind
}

// TestListen delays the sound of beats by 120 ms and removes some pictures and some sound.
func TestListen(t *testing.T) {
	t.Parallel()
	s := script{Period: 400, Beats: 10, Rate: 25}
	video, audio := codeBeats(t, s)
	path := filepath.Join(t.TempDir(), "beats.mkv")
	complains(t, "ffmpeg", "-nostdin", "-v", "error", "-i", video, "-itsoffset", "0.12", "-i", audio,
		"-vf", "drawbox=enable=between(t\\,1.5\\,1.99):color=black:t=fill", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8",
		"-af", "volume=0:enable=between(t\\,2.3\\,3.1)", "-c:a", "libopus", path)
	b := listen(t, path, 400*time.Millisecond)
	for beat := range s.Beats {
		flash, seen := b.flash[beat]
		beep, heard := b.beep[beat]
		if seen != (beat != 4) || heard != (beat != 6 && beat != 7) {
			t.Errorf("beat %d: seen %t, heard %t", beat, seen, heard)
		}
		if seen && heard && (beep-flash-120*time.Millisecond).Abs() > 10*time.Millisecond {
			t.Errorf("beat %d: seen at %v, heard at %v", beat, flash, beep)
		}
	}
	if len(b.dark) != 12 {
		t.Errorf("dark: %v", b.dark)
	}
}
