package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"reelcheck/fixtures/ivf"
	"reelcheck/fixtures/mark"
	"reelcheck/fixtures/ogg"
)

// encodedScript is an encoded script for publishers that do not encode: every picture, and an audio packet for every 20 ms.
type encodedScript struct {
	Frames  [][]byte `json:"frames"`
	Packets [][]byte `json:"packets"`
}

// encodeScript encodes a script.
func encodeScript(t *testing.T, s script) (m encodedScript) {
	t.Helper()
	video, audio := codeBeats(t, s)
	content, err := os.ReadFile(video)
	must(t, err)
	film, err := ivf.Parse(content)
	must(t, err)
	for _, f := range film.Frames {
		m.Frames = append(m.Frames, f.Data)
	}
	content, err = os.ReadFile(audio)
	must(t, err)
	sound, err := ogg.Parse(content)
	must(t, err)
	m.Packets = sound.Packets
	return m
}

// codeBeats encodes a script with FFmpeg, to IVF with a key frame each second, and to Ogg.
func codeBeats(t *testing.T, s script) (video, audio string) {
	t.Helper()
	dir := t.TempDir()
	pictures, sound := filepath.Join(dir, "pictures"), filepath.Join(dir, "sound")
	must(t, os.WriteFile(pictures, drawBeats(t, s.Beats), 0o600))
	must(t, os.WriteFile(sound, soundBeats(s), 0o600))
	rate := fmt.Sprintf("1000/%d", s.Period)
	video, audio = filepath.Join(dir, "video.ivf"), filepath.Join(dir, "audio.ogg")
	complains(t, "ffmpeg", "-nostdin", "-v", "error", "-f", "rawvideo", "-pix_fmt", "gray", "-s", "640x480", "-r", rate, "-i", pictures,
		"-vf", fmt.Sprintf("fps=%d", s.Rate), "-pix_fmt", "yuv420p", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8",
		"-g", fmt.Sprint(s.Rate), "-b:v", "800k", video)
	complains(t, "ffmpeg", "-nostdin", "-v", "error", "-f", "s16le", "-ar", "48000", "-ac", "1", "-i", sound, "-c:a", "libopus", "-frame_duration", "20", audio)
	return video, audio
}

// drawBeats returns the concatenated pictures of the beats, 640x480, gray.
func drawBeats(t *testing.T, beats int) []byte {
	t.Helper()
	var all []byte
	for beat := range beats {
		cells, err := mark.Encode(beatStream, beat)
		must(t, err)
		picture := bytes.Repeat([]byte{120}, 640*480)
		mark.Draw(mark.Plane{Pix: picture, Stride: 640, W: 640, H: 480}, markLeft, markTop, 1, cells)
		all = append(all, picture...)
	}
	return all
}

// soundBeats returns the sound of a script: 16 bit, 48 kHz, one channel.
func soundBeats(s script) []byte {
	const rate = 48000
	samples := make([]byte, 0, 2*rate*s.Beats*s.Period/1000)
	for beat := range s.Beats {
		for i := range rate * s.Period / 1000 {
			level := 0.0
			if time.Duration(i)*time.Second/rate < toneLength {
				level = 16000 * math.Sin(2*math.Pi*float64(beatTones[beat%len(beatTones)])*float64(i)/rate)
			}
			samples = binary.LittleEndian.AppendUint16(samples, uint16(int16(level)))
		}
	}
	return slices.Clip(samples)
}
