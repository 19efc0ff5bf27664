package rtp

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/rtp/frames"
)

// testSender sends 50 audio packets and 25 pictures a second, and reports as Chromium does: every second for video, every 5 s for audio. All
// times are since the beginning.
type testSender struct {
	seconds int
	// silent reports whether nothing is captured at this time.
	silent func(video bool, at time.Duration) bool
	// stamped returns the time on the RTP clock of media captured at at; nil means at.
	stamped func(video bool, at time.Duration) time.Duration
	// held returns how long the sender and the network hold up media captured at at, beyond the usual delay.
	held func(video bool, at time.Duration) time.Duration
	// reported returns the contents of a report sent at at: a time on the NTP clock and the RTP time paired with it. nil means at and
	// stamped(at).
	reported func(video bool, at time.Duration) (ntp, stamp time.Duration)
	// drifting says that reports come at varying fractions of a second.
	drifting bool
	// reportsFrom is when the first report of each track is sent, if not after 410 ms.
	reportsFrom time.Duration
	// reportsEvery is the time between the reports of each track, if not 1 s for video and 5 s for audio.
	reportsEvery time.Duration
	// soundLater is how much later than for video the first report for audio is sent.
	soundLater time.Duration
	// soundReported is the time before which no report of audio is sent.
	soundReported time.Duration
}

type event struct {
	at   av.Instant
	take func()
}

// outcome is the result: the errors in the times of each audio packet and picture.
type outcome struct {
	off    map[bool]map[time.Duration]time.Duration // by video and capture time: error of Captured
	shown  map[bool]map[time.Duration]time.Duration // by video and capture time: error of Presented
	zero   map[bool]time.Duration                   // by video: error of the first sample, after what the sink was told
	sent   map[bool]int
	logged int
	told   int // number of reports that the sink got
}

const (
	wayOfSound   = 30 * time.Millisecond
	wayOfPicture = 90 * time.Millisecond // includes the encoding
)

// run sends everything through a receiver.
func (p testSender) run(t *testing.T) outcome {
	t.Helper()
	l := newLine(av.VP8)
	log := &counter{}
	l.Log = log.logger()
	start := l.now
	var events []event
	captures := map[bool][]time.Duration{}
	for _, video := range []bool{false, true} {
		events = append(events, p.media(l, start, video, captures)...)
		events = append(events, p.reports(l, start, video)...)
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	l.publish()
	next := start.Add(tick)
	for _, e := range events {
		for ; next < e.at; next = next.Add(tick) {
			l.now = next
			l.Advance(next)
		}
		l.now = e.at
		e.take()
	}
	l.pass(5 * time.Second)
	l.Flush(l.now)
	got := outcome{map[bool]map[time.Duration]time.Duration{}, map[bool]map[time.Duration]time.Duration{}, map[bool]time.Duration{}, map[bool]int{},
		log.lines, len(l.sink.Reports())}
	for _, video := range []bool{false, true} {
		got.off[video], got.shown[video] = map[time.Duration]time.Duration{}, map[time.Duration]time.Duration{}
		got.sent[video] = len(captures[video])
		for _, s := range l.sink.Samples(t, video) {
			captured := captures[video][frameNumber(s)]
			true_ := start.Add(captured + wayOfSound)
			got.off[video][captured] = s.Captured.Sub(true_)
			got.shown[video][captured] = s.Presented().Sub(true_)
		}
		got.zero[video] = got.off[video][0]
	}
	for _, told := range l.sink.Reports() {
		rate := av.Opus.ClockRate()
		if told.Video {
			rate = av.VP8.ClockRate()
		}
		got.zero[told.Video] = told.Captured.Add(av.Duration(1_000_000-told.Stamp, rate)).Sub(start.Add(wayOfSound))
	}
	return got
}

func (p testSender) media(l *line, start av.Instant, video bool, captures map[bool][]time.Duration) (events []event) {
	codec, every, way, kind := av.Opus, 20*time.Millisecond, wayOfSound, 0
	if video {
		codec, every, way, kind = av.VP8, 40*time.Millisecond, wayOfPicture, 1
	}
	total := int(time.Duration(p.seconds) * time.Second / every)
	sent := packets(codec, total, 0, 0)
	step := uint32(av.Ticks(every, codec.ClockRate()))
	if video {
		step = 1800 // the step that packets uses
	}
	next := 0
	var arrived av.Instant
	for n := range total {
		captured := time.Duration(n) * every
		var of []frames.Packet
		for ; next < len(sent) && sent[next].Stamp == uint32(n)*step; next++ {
			of = append(of, sent[next])
		}
		captures[video] = append(captures[video], captured)
		if p.silent != nil && p.silent(video, captured) {
			continue
		}
		stamped := captured
		if p.stamped != nil {
			stamped = p.stamped(video, captured)
		}
		at := start.Add(captured + way)
		if p.held != nil {
			at = at.Add(p.held(video, captured))
		}
		arrived = max(arrived, at)
		for _, one := range of {
			one.Stamp, one.At = 1_000_000+uint32(av.Ticks(stamped, codec.ClockRate())), arrived
			events = append(events, event{arrived, func() { l.Receive(l.sources[kind], one) }})
		}
	}
	return events
}

func (p testSender) reports(l *line, start av.Instant, video bool) (events []event) {
	every, kind, codec := 5*time.Second, 0, av.Opus
	if video {
		every, kind, codec = time.Second, 1, av.VP8
	}
	every = cmp.Or(p.reportsEvery, every)
	from := cmp.Or(p.reportsFrom, 410*time.Millisecond)
	if !video {
		from += p.soundLater
	}
	if p.drifting {
		every += 70 * time.Millisecond
	}
	for at := from; at < time.Duration(p.seconds)*time.Second; at += every {
		if !video && at < p.soundReported {
			continue
		}
		ntp, stamp := at, at
		if p.stamped != nil {
			stamp = p.stamped(video, at)
		}
		if p.reported != nil {
			ntp, stamp = p.reported(video, at)
		}
		const began = 4_000_000_000 * uint64(1<<32)
		report := &rtcp.SenderReport{
			SSRC: uint32(kind + 1), NTPTime: began + uint64(int64(math.Round(ntp.Seconds()*(1<<32)))),
			RTPTime: 1_000_000 + uint32(av.Ticks(stamp, codec.ClockRate())),
		}
		arrived := start.Add(at + wayOfSound)
		if p.held != nil {
			arrived = arrived.Add(p.held(video, at))
		}
		events = append(events, event{arrived, func() { l.Report(l.sources[kind], report, l.now) }})
	}
	return events
}

// expect checks that media captured between from and to has the right times of capture and presentation, up to within.
func (p outcome) expect(t *testing.T, from, to, within time.Duration) {
	t.Helper()
	for _, video := range []bool{false, true} {
		worst, shown := p.worst(p.off[video], from, to), p.worst(p.shown[video], from, to)
		t.Logf("video %t, %v to %v: %v off, presented %v off", video, from, to, worst, shown)
		if worst.Abs() > within || shown.Abs() > within {
			t.Errorf("video %t, captured from %v to %v: is %v off, presented %v off, want %v at most", video, from, to, worst, shown, within)
		}
	}
}

func (p outcome) worst(off map[time.Duration]time.Duration, from, to time.Duration) (worst time.Duration) {
	for captured, d := range off {
		if captured >= from && captured < to && d.Abs() > worst.Abs() {
			worst = d
		}
	}
	return worst
}
