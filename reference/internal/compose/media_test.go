package compose

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/av/bitstream"
	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/programtest"
	"reelcheck/reference/internal/timeline"
)

// decoder and encoder are set up as in production.
var decoder, encoder *ffmpeg.Program

func TestMain(m *testing.M) {
	decoderPath, encoderPath, remove, err := programtest.Build()
	if err != nil {
		panic(err)
	}
	decoder, encoder = &ffmpeg.Program{Path: decoderPath, Log: slog.Default()}, &ffmpeg.Program{Path: encoderPath, Log: slog.Default()}
	small.FFmpeg = ffmpeg.Config{Decoder: decoder, Encoder: encoder}
	code := m.Run()
	remove()
	os.Exit(code)
}

// clip is coded video. Frame i is due at i/30 s.
type clip struct {
	codec  av.Codec
	frames [][]byte
	codecs []av.Codec // codec of each frame, where they differ
}

func (c clip) codecOf(i int) av.Codec {
	if len(c.codecs) > 0 {
		return c.codecs[i]
	}
	return c.codec
}

// once caches coded sources, so that each is coded one time for all tests.
type once[V any] struct {
	mu   sync.Mutex
	made map[string]V
}

func (o *once[V]) get(key string, make func() V) V {
	o.mu.Lock()
	defer o.mu.Unlock()
	v, ok := o.made[key]
	if !ok {
		v = make()
		o.made[key] = v
	}
	return v
}

var (
	clips = once[[][]byte]{made: map[string][][]byte{}}
	tones = once[[][]byte]{made: map[string][][]byte{}}
)

// codedLength is the length in seconds to which every source is coded. Shorter clips take the beginning.
const codedLength = 5.0

// vp8 returns a VP8 clip of a source filter.
func vp8(t testing.TB, source string, seconds float64) clip {
	return coded(t, av.VP8, source, seconds, "-c:v", "libvpx", "-b:v", "1M", "-g", "30", "-deadline", "realtime", "-cpu-used", "8")
}

func vp9(t testing.TB, source string, seconds float64) clip {
	return coded(t, av.VP9, source, seconds, "-c:v", "libvpx-vp9", "-b:v", "1M", "-g", "30", "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0")
}

func h264(t testing.TB, source string, seconds float64) clip {
	return coded(t, av.H264, source, seconds, "-c:v", "libx264", "-profile:v", "baseline", "-g", "30", "-bsf:v", "dump_extra")
}

func coded(t testing.TB, codec av.Codec, source string, seconds float64, encoder ...string) clip {
	t.Helper()
	length := fmt.Sprint(max(seconds, codedLength))
	frames := clips.get(fmt.Sprint(codec, source, length, encoder), func() (frames [][]byte) {
		args := append([]string{"-f", "lavfi", "-i", source, "-t", length, "-pix_fmt", "yuv420p"}, encoder...)
		if codec == av.H264 {
			return units(ffmpegtest.Run(t, append(args, "-x264-params", "aud=1:scenecut=0:threads=1", "-f", "h264", "pipe:1")...))
		}
		ivf := ffmpegtest.Run(t, append(args, "-f", "ivf", "pipe:1")...)
		for b := ivf[32:]; len(b) > 12; {
			n := binary.LittleEndian.Uint32(b)
			frames = append(frames, b[12:12+n])
			b = b[12+n:]
		}
		return frames
	})
	n := int(math.Round(seconds * 30))
	return clip{codec: codec, frames: frames[:n:n]}
}

// units splits an Annex B stream at its delimiters.
func units(b []byte) [][]byte {
	var list [][]byte
	for _, u := range bytes.SplitAfter(b, []byte("\x00\x00\x00\x01\x09")) {
		if u = bytes.TrimSuffix(u, []byte("\x00\x00\x00\x01\x09")); len(u) > 0 {
			list = append(list, append([]byte("\x00\x00\x00\x01\x09"), u...))
		}
	}
	return list
}

func (c clip) key(i int) bool {
	_, _, ok := bitstream.Size(av.Sample{Codec: c.codecOf(i), Key: true, Data: c.frames[i]})
	return ok
}

// tone returns a sine wave as Opus packets of 20 ms.
func tone(t testing.TB, hz int, seconds float64) [][]byte {
	t.Helper()
	source := fmt.Sprintf("sine=frequency=%d:sample_rate=48000:duration=%g", hz, max(seconds, codedLength))
	n := int(math.Round(seconds * 50))
	return tones.get(source, func() [][]byte { return opus(t, source, 20) })[:n:n]
}

// opus returns a source filter as Opus packets with a length of packet milliseconds.
func opus(t testing.TB, source string, packet float64, options ...string) [][]byte {
	t.Helper()
	b := ffmpegtest.Run(t, slices.Concat([]string{"-f", "lavfi", "-i", source, "-c:a", "libopus", "-b:a", "64k", "-frame_duration", fmt.Sprint(packet), "-page_duration", "1"},
		options, []string{"-f", "ogg", "pipe:1"})...)
	var packets [][]byte
	for len(b) > 27 { // one packet per page
		n := int(b[26])
		size := 0
		for _, x := range b[27 : 27+n] {
			size += int(x)
		}
		body := b[27+n : 27+n+size]
		if !bytes.HasPrefix(body, []byte("OpusHead")) && !bytes.HasPrefix(body, []byte("OpusTags")) {
			packets = append(packets, body)
		}
		b = b[27+n+size:]
	}
	return packets
}

// publisher is a stream of the tests.
type publisher struct {
	id    string
	video clip
	sound [][]byte
	every time.Duration // length of a sound packet; 20 ms if 0
	from  time.Duration // when it appears
	until time.Duration // when it leaves
	gap   [2]int        // video frames that never arrive
	bad   int           // number of a garbage frame

	screen bool
}

// start is an arbitrary instant at which the recordings of the tests begin.
const start = av.Instant(1_700_000_000_123_456_789)

// session journals publishers. pace, if set, is called with the media time that was reached.
type session struct {
	t          testing.TB
	journal    *journal.Journal
	publishers []publisher
	pace       func(time.Duration)
	archive    []timeline.Event // events of the archive besides the start at 0 and the stop at length
	later      bool             // no start at 0
	length     time.Duration
}

func newSession(t testing.TB, length time.Duration, publishers ...publisher) *session {
	t.Helper()
	j, err := journal.Open(filepath.Join(t.TempDir(), "journal"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return &session{t: t, journal: j, publishers: publishers, length: length}
}

// write journals everything, in steps of 10 ms.
func (s *session) write() {
	note := func(e timeline.Event) {
		if err := s.journal.Note(e); err != nil {
			s.t.Error(err)
		}
	}
	if !s.later {
		note(timeline.Event{Kind: timeline.Recording, Archive: "a", At: start})
	}
	writers := make([]*journal.Writer, len(s.publishers))
	sent := make([][2]int, len(s.publishers))
	for now := time.Duration(0); now <= s.length; now += 10 * time.Millisecond {
		for _, e := range s.archive {
			if e.At.Sub(start) == now {
				note(e)
			}
		}
		for i, p := range s.publishers {
			if now == p.from {
				w, err := s.journal.Stream(p.id)
				if err != nil {
					s.t.Error(err)
					return
				}
				writers[i] = w
				kind := "camera"
				if p.screen {
					kind = "screen"
				}
				note(timeline.Event{Kind: timeline.StreamAdded, Stream: p.id, VideoType: kind, At: start.Add(now), HasVideo: len(p.video.frames) > 0, HasAudio: len(p.sound) > 0})
			}
			if p.until > 0 && now == p.until {
				if err := writers[i].Close(); err != nil {
					s.t.Error(err)
				}
				note(timeline.Event{Kind: timeline.StreamRemoved, Stream: p.id, At: start.Add(now), Reason: "clientDisconnected"})
				writers[i] = nil
			}
			if writers[i] != nil {
				s.step(writers[i], p, &sent[i], now)
			}
		}
		if err := s.journal.Advance(start.Add(now)); err != nil {
			s.t.Error(err)
		}
		if s.pace != nil {
			s.pace(now)
		}
	}
	note(timeline.Event{Kind: timeline.Stopped, Archive: "a", At: start.Add(s.length)})
}

// step journals what a publisher sends until now.
func (s *session) step(w *journal.Writer, p publisher, sent *[2]int, now time.Duration) {
	check := func(err error) {
		if err != nil {
			s.t.Error(err)
		}
	}
	for ; sent[0] < len(p.video.frames); sent[0]++ {
		i := sent[0]
		at := p.from + time.Duration(i)*time.Second/30
		if at > now {
			break
		}
		if p.gap[1] > 0 && i >= p.gap[0] && i < p.gap[1] {
			continue
		}
		data := p.video.frames[i]
		if p.bad > 0 && i == p.bad {
			data = bytes.Repeat([]byte{0xff}, 30)
		}
		check(w.Append(av.Sample{Codec: p.video.codecOf(i), Time: start.Add(at), Key: p.video.key(i), Gap: p.gap[1] > 0 && i == p.gap[1], Data: data}))
	}
	every := cmp.Or(p.every, 20*time.Millisecond)
	for ; sent[1] < len(p.sound) && p.from+time.Duration(sent[1])*every <= now; sent[1]++ {
		check(w.Append(av.Sample{Codec: av.Opus, Time: start.Add(p.from + time.Duration(sent[1])*every), Data: p.sound[sent[1]]}))
	}
	check(w.Advance(true, start.Add(now)))
	check(w.Advance(false, start.Add(now)))
}

func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

var small = Options{Width: 640, Height: 480, HasAudio: true, HasVideo: true}

// compose runs a composition and returns the file.
func (s *session) compose(o Options) ([]byte, Result) {
	s.t.Helper()
	out := filepath.Join(s.t.TempDir(), "archive")
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute+s.length/4)
	defer cancel()
	r, err := Run(ctx, s.journal, "a", o, out, slog.New(slog.NewTextHandler(s.t.Output(), nil)))
	if err != nil {
		s.t.Error(err)
		return nil, r
	}
	f, err := Open(out)
	if err != nil {
		s.t.Error(err)
		return nil, r
	}
	defer f.Close()
	b := make([]byte, f.Size())
	if _, err := f.ReadAt(b, 0); err != nil && len(b) > 0 {
		s.t.Error(err)
	}
	if r.Size != int64(len(b)) {
		s.t.Errorf("result says %d bytes, file has %d", r.Size, len(b))
	}
	return b, r
}

func save(t testing.TB, b []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.mp4")
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}
