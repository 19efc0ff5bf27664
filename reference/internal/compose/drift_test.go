package compose

import (
	"cmp"
	"encoding/binary"
	"flag"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/rtp"
	"reelcheck/reference/internal/ingest/rtp/frames"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/timeline"
)

var driftMinutes = flag.Float64("drift.minutes", 1, "length of the recording of TestDriftingClocks; from 30 on clocks drift by 100 ppm, below by 1000")

const (
	driftStep  = 50 * time.Millisecond
	driftEvery = 10 * time.Second // interval of flashes with a beep; the publishers take turns
	flashes    = 200 * time.Millisecond
	opusDelay  = 312 * time.Second / 48000 // delay from the input of libopus to the output of a decoder
)

// client is a publisher with its own clocks, which run at 1 + some millionths of the true rate.
type client struct {
	number            int // number of the client
	wall, video, tone float64
	random            *rand.Rand
	dark, light       []byte
	silence, beep     [][]byte // beep begins with its loud packet
	// signals are the true times at which a flash must be seen and a beep heard.
	signals  []time.Duration
	arrivals []arrival
}

// arrival is what reaches the server at one time.
type arrival struct {
	at     av.Instant
	packet *frames.Packet
	report *rtcp.SenderReport
	video  bool
}

func scaled(d time.Duration, ppm float64) time.Duration {
	return time.Duration(float64(d) * (1 + ppm/1e6))
}

// add adds an arrival that was sent at the given time.
func (c *client) add(sent time.Duration, a arrival) {
	a.at = start.Add(sent + 20*time.Millisecond + time.Duration(c.random.IntN(25))*time.Millisecond)
	if a.packet != nil {
		a.packet.At = a.at
	}
	c.arrivals = append(c.arrivals, a)
}

// speak sends sound. The loud packet of a beep is captured at the same time as the flash.
func (c *client) speak(length time.Duration) {
	captured := func(n int) time.Duration { return scaled(time.Duration(n)*20*time.Millisecond, -c.tone) }
	loud := map[int]int{} // packet number to the packet of the beep, counted from 1
	for at := driftEvery / 2 * time.Duration(1+2*c.number); at < length-2*time.Second; at += driftClients * driftEvery {
		n := int(scaled(at, c.tone) / (20 * time.Millisecond))
		for i := range c.beep {
			loud[n+i] = i + 1
		}
		c.signals = append(c.signals, captured(n))
	}
	for n := 0; captured(n) < length; n++ {
		payload := c.silence[n%len(c.silence)]
		if i := loud[n]; i > 0 {
			payload = c.beep[i-1]
		}
		c.add(captured(n), arrival{packet: &frames.Packet{Seq: uint16(n), Stamp: uint32(n) * 960, Format: 111, Payload: payload, Marker: n == 0}})
	}
}

// film sends five pictures a second, and one more for every flash.
func (c *client) film(length time.Duration) {
	seq, next := uint16(0), 0
	for at := time.Duration(0); at < length; at += flashes {
		data := c.dark
		if next < len(c.signals) && at >= c.signals[next]-flashes/2 {
			at, data = c.signals[next], c.light
			next++
		}
		c.add(at, arrival{video: true, packet: &frames.Packet{
			Seq: seq, Stamp: uint32(av.Ticks(scaled(at, c.video), 90000)), Format: 96, Marker: true, Payload: append([]byte{0x10}, data...),
		}})
		seq++
	}
}

// report relates both media clocks to the client's third clock.
func (c *client) report(length time.Duration) {
	const epoch = 3_900_000_000 // NTP seconds, about now
	for at := 100 * time.Millisecond; at < length; at += 2 * time.Second {
		wall := scaled(at, c.wall) + time.Duration(c.number)*time.Minute
		ntp := uint64(epoch+wall/time.Second)<<32 | uint64(wall%time.Second)<<32/uint64(time.Second)
		c.add(at, arrival{report: &rtcp.SenderReport{SSRC: 1, NTPTime: ntp, RTPTime: uint32(av.Ticks(scaled(at, c.tone), 48000))}})
		c.add(at, arrival{video: true, report: &rtcp.SenderReport{SSRC: 2, NTPTime: ntp, RTPTime: uint32(av.Ticks(scaled(at, c.video), 90000))}})
	}
}

// publish journals what the server makes of the arrivals.
func (c *client) publish(t *testing.T, j *journal.Journal, id string, length time.Duration) {
	t.Helper()
	w, err := j.Stream(id)
	if err != nil {
		t.Fatal(err)
	}
	r := rtp.Receiver{Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	r.Expect(true, true)
	sources := map[bool]*rtp.Source{
		false: r.Attach(false, 1, map[uint8]rtp.Format{111: {Codec: av.Opus}}),
		true:  r.Attach(true, 2, map[uint8]rtp.Format{96: {Codec: av.VP8}}),
	}
	r.Begin(w, start)
	c.speak(length)
	c.film(length)
	c.report(length)
	slices.SortStableFunc(c.arrivals, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	due := start
	for _, a := range c.arrivals {
		for ; due <= a.at; due = due.Add(driftStep) {
			r.Advance(due)
		}
		if a.report != nil {
			r.Report(sources[a.video], a.report, a.at)
		} else {
			r.Receive(sources[a.video], *a.packet)
		}
	}
	end := start.Add(length + time.Second)
	r.Flush(end)
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

const driftClients = 3

// TestDriftingClocks records publishers whose three clocks run at different rates: the clock of the pictures, that of
// the sound, and the one that the reports relate both to. In the file every flash must come with its beep.
func TestDriftingClocks(t *testing.T) {
	t.Parallel()
	length, ppm := time.Duration(*driftMinutes*float64(time.Minute)), 1000.0
	if *driftMinutes >= 30 {
		ppm = 100
	}
	s := newSession(t, length)
	note := func(e timeline.Event) {
		t.Helper()
		if err := s.journal.Note(e); err != nil {
			t.Fatal(err)
		}
	}
	const size = ":s=64x48:r=30"
	sounds := opus(t, "sine=frequency=1000:sample_rate=48000:duration=0.1,adelay=500:all=1,apad=whole_dur=1", 20)
	silence, beep := sounds[5:20], sounds[25:35]
	clients := []*client{{wall: ppm, video: -ppm, tone: ppm}, {wall: -ppm, video: ppm, tone: -ppm}, {wall: 0, video: -ppm, tone: ppm}}
	note(timeline.Event{Kind: timeline.Recording, Archive: "a", At: start})
	for i, c := range clients {
		id := string(rune('p' + i))
		c.number, c.random = i, rand.New(rand.NewPCG(1, uint64(i)))
		c.dark, c.light = vp8(t, "color=c=black"+size, 0.1).frames[0], vp8(t, "color=c=white"+size, 0.1).frames[0]
		c.silence, c.beep = silence, beep
		c.publish(t, s.journal, id, length)
		note(timeline.Event{Kind: timeline.StreamAdded, Stream: id, At: start, HasAudio: true, HasVideo: true, VideoType: "camera"})
	}
	note(timeline.Event{Kind: timeline.Stopped, Archive: "a", At: start.Add(length)})
	b, r := s.compose(Options{Width: 64, Height: 48, HasAudio: true, HasVideo: true})
	if r.Duration != length {
		t.Errorf("file of %v", r.Duration)
	}
	file := save(t, b)
	seen, heard := flashTimes(t, file), beepTimes(t, file)
	worst, late, count := time.Duration(0), time.Duration(0), 0
	for _, c := range clients {
		for i, at := range c.signals {
			picture, sound := nearest(seen[c.number], at), nearest(heard, at+opusDelay)
			apart := picture - (sound - opusDelay)
			if apart.Abs() > 40*time.Millisecond || (sound-at).Abs() > 100*time.Millisecond {
				t.Errorf("client %d, signal %d at %v: seen at %v, heard at %v", c.number, i, at, picture, sound)
			}
			t.Logf("client %d at %v: seen %+.1f ms, heard %+.1f ms", c.number, at, ms(picture-at), ms(sound-at))
			worst, late, count = max(worst, apart.Abs()), max(late, picture-at, sound-at), count+1
		}
		if len(seen[c.number]) != len(c.signals) {
			t.Errorf("client %d was seen %d times, want %d", c.number, len(seen[c.number]), len(c.signals))
		}
	}
	t.Logf("drift: minutes=%g ppm=%g signals=%d worst_ms=%.1f latest_ms=%.1f", length.Minutes(), ppm, count, ms(worst), ms(late))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func nearest(list []time.Duration, to time.Duration) (at time.Duration) {
	for i, d := range list {
		if i == 0 || (d-to).Abs() < (at-to).Abs() {
			at = d
		}
	}
	return at
}

// flashTimes returns when each of the first three tiles of a grid of four becomes white.
func flashTimes(t *testing.T, file string) (times [driftClients][]time.Duration) {
	frame, lit := 0, [driftClients]bool{}
	ffmpegtest.Pieces(t, 64*48, func(b []byte) {
		for i, at := range [driftClients][2]int{{16, 12}, {48, 12}, {16, 36}} {
			white := b[at[1]*64+at[0]] > 128
			if white && !lit[i] {
				times[i] = append(times[i], time.Duration(frame)*time.Second/25)
			}
			lit[i] = white
		}
		frame++
	}, "-i", file, "-an", "-fps_mode", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", "-")
	return times
}

// beepTimes returns when the sound becomes loud after half a second of silence.
func beepTimes(t *testing.T, file string) (times []time.Duration) {
	sample, last := int64(0), int64(-48000)
	ffmpegtest.Pieces(t, 4, func(b []byte) {
		if x := math.Float32frombits(binary.LittleEndian.Uint32(b)); x > 0.02 || x < -0.02 {
			if sample-last > 24000 {
				times = append(times, av.Duration(sample, 48000))
			}
			last = sample
		}
		sample++
	}, "-i", file, "-vn", "-f", "f32le", "-ac", "1", "-")
	return times
}
