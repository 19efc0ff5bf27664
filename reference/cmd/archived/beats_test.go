package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"reelcheck/fixtures/mark"
)

// A foreign publisher changes the picture and sounds a tone at every beat. The mark in the picture is the number of the beat; the tones
// follow each other in turn.
const (
	beatStream        = 60 // in the marks
	markLeft, markTop = 176, 192
	toneLength        = 100 * time.Millisecond
)

var beatTones = []int{500, 750, 1100, 1600, 2400} // Hz

// beats are what a file shows and plays.
type beats struct {
	flash map[int]time.Duration // when the picture of a beat comes first
	beep  map[int]time.Duration
	dark  []time.Duration // pictures after the first one that was sent which show nothing
}

// beatRange is some beats in a row, none where to is 0.
type beatRange struct{ from, to int }

func (r beatRange) has(beat int) bool { return beat >= r.from && beat <= r.to && r.to > 0 }

// forget judges nothing of some beats, nor the dark while they last.
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

// timed is one picture, or some sound, of a file.
type timed struct {
	at            time.Duration
	rate, samples int // of sound
}

// decodeTimed returns what FFmpeg makes of a file, one after the other, and when each of it is presented.
func decodeTimed(t *testing.T, path string, args ...string) (raw []byte, list []timed) {
	t.Helper()
	args = append([]string{"-nostdin", "-nostats", "-v", "info", "-threads", "1", "-i", path}, args...)
	command := exec.Command("ffmpeg", append(args, "-")...)
	var log bytes.Buffer
	command.Stderr = &log
	raw, err := command.Output()
	if err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, log.Bytes())
	}
	for _, m := range timeShown.FindAllStringSubmatch(log.String(), -1) {
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

// listen finds the beats of a file whose only stream fills the picture. Beats are a period apart.
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

// hear finds the tones. Their numbers are known but for multiples of len(beatTones): the nearest picture tells which.
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

// number tells which beat a tone is, by the pictures around it or, while there are none, by the tone before it.
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

// tone is one of beatTones, from its begin.
type tone struct {
	at   time.Duration
	kind int
}

// tones finds tones that begin after some silence.
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

// loudest is which of beatTones begins a piece of sound.
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

// TestListen puts the sound of beats 120 ms later than their pictures, and takes some of both away.
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
