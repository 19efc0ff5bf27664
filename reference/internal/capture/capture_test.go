package capture

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/timeline"
	"reelcheck/reference/internal/tools/individual/matroska"
)

const (
	id    = "0a6c0e3c-9d75-4d2a-8b9d-5a4c5b3b9d10"
	begin = av.Instant(time.Hour)
)

var quiet = slog.New(slog.DiscardHandler)

// stage is a journal that a test writes, and the archive that is made from it.
type stage struct {
	t       testing.TB
	journal *journal.Journal
	writers map[string]*journal.Writer
	archive archive.Archive
	options Options
}

func newStage(t testing.TB) *stage {
	t.Helper()
	j, err := journal.Open(filepath.Join(t.TempDir(), "journal"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return &stage{t: t, journal: j, writers: map[string]*journal.Writer{}, options: Options{HasAudio: true, HasVideo: true},
		archive: archive.Archive{ID: id, ApplicationID: "app", SessionID: "session", OutputMode: archive.Individual, PreferredVideoCodec: "VP8",
			EffectiveAt: time.UnixMilli(1_700_000_000_123)}}
}

func at(ms int) av.Instant { return begin.Add(time.Duration(ms) * time.Millisecond) }

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) note(kind timeline.Kind, ms int) {
	s.t.Helper()
	s.must(s.journal.Note(timeline.Event{Kind: kind, Archive: id, At: at(ms)}))
}

func (s *stage) choose(ms int, list ...timeline.Selection) {
	s.t.Helper()
	s.must(s.journal.Note(timeline.Event{Kind: timeline.Selected, Archive: id, At: at(ms), Selection: list}))
}

func (s *stage) add(stream string, ms int) {
	s.t.Helper()
	w, err := s.journal.Stream(stream)
	s.must(err)
	s.writers[stream] = w
	s.must(s.journal.Note(timeline.Event{Kind: timeline.StreamAdded, Stream: stream, At: at(ms), HasAudio: true, HasVideo: true,
		VideoType: "camera", Connection: "client of " + stream, ConnectionData: "of " + stream}))
}

func (s *stage) remove(stream string, ms int) {
	s.t.Helper()
	s.must(s.writers[stream].Close())
	s.must(s.journal.Note(timeline.Event{Kind: timeline.StreamRemoved, Stream: stream, At: at(ms), Reason: "clientDisconnected"}))
}

// sample returns a frame captured at ms.
func sample(codec av.Codec, ms int, n byte) av.Sample {
	data := []byte{n, 1, 2, 3}
	if codec == av.Opus {
		data = []byte{31 << 3, n}
	}
	return av.Sample{Codec: codec, Time: at(ms), Data: data, Origin: av.Origin{Captured: at(ms)}}
}

func (s *stage) send(stream string, list ...av.Sample) {
	s.t.Helper()
	for _, x := range list {
		s.must(s.writers[stream].Append(x))
	}
}

// play sends an audio packet every 20 ms and a picture every 40 ms. The first picture and every tenth are key frames.
func (s *stage) play(stream string, from, to int) {
	s.t.Helper()
	for ms := from; ms < to; ms += 20 {
		s.send(stream, sample(av.Opus, ms, byte(ms/20)))
		if (ms-from)%40 == 0 {
			v := sample(av.VP8, ms, byte(ms/40))
			v.Key = (ms-from)%400 == 0
			s.send(stream, v)
		}
	}
}

// pass writes a mark for both kinds.
func (s *stage) pass(stream string, ms int) {
	s.t.Helper()
	w := s.writers[stream]
	s.must(errors.Join(w.Advance(false, at(ms)), w.Advance(true, at(ms))))
}

// file is a media file of the archive, as it was read.
type file struct {
	File
	audio, video []int // times of the frames in ms
	codec        av.Codec
	data         [][]byte // of the video frames
	client       string   // from the tag in the file
	cut          bool     // likewise
}

// survey makes the plan of the archive.
func (s *stage) survey() *Plan {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	out := filepath.Join(s.t.TempDir(), "out")
	s.must(Survey(ctx, s.journal, id, s.options, out, quiet))
	p, err := Load(out)
	s.must(err)
	return p
}

// files makes the archive and reads it.
func (s *stage) files() []file {
	s.t.Helper()
	m, content := s.unpack(s.zip(s.survey()))
	var list []file
	for _, entry := range m.Files {
		f := file{File: entry}
		if int64(len(content[f.Filename])) != f.Size {
			s.t.Errorf("%s: %d bytes, the manifest says %d", f.Filename, len(content[f.Filename]), f.Size)
		}
		told := matroska.Told{Tag: func(name, value string) {
			switch name {
			case matroska.ConnectionTag:
				f.client = value
			case matroska.CutTag:
				f.cut = true
			}
		}}
		s.must(matroska.ReadTold(bytes.NewReader(content[f.Filename]), told, func(b matroska.Block) error {
			ms := int(b.Time / time.Millisecond)
			if b.Track.Codec.Video() {
				f.codec, f.video, f.data = b.Track.Codec, append(f.video, ms), append(f.data, b.Data)
			} else {
				f.audio = append(f.audio, ms)
			}
			return nil
		}))
		if f.client != "client of "+f.StreamID {
			s.t.Errorf("%s is of client %q", f.Filename, f.client)
		}
		list = append(list, f)
	}
	return list
}

func (s *stage) zip(p *Plan) []byte {
	s.t.Helper()
	r, err := p.Open(s.t.Context(), s.archive, s.journal, quiet)
	s.must(err)
	b, err := io.ReadAll(r)
	s.must(errors.Join(err, r.Close()))
	if size, err := p.Size(s.archive); err != nil || size != int64(len(b)) {
		s.t.Errorf("%d bytes, %d were announced, %v", len(b), size, err)
	}
	return b
}

func (s *stage) unpack(b []byte) (m Manifest, content map[string][]byte) {
	s.t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	s.must(err)
	content = map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		s.must(err)
		content[f.Name], err = io.ReadAll(r) // which checks the CRC
		s.must(err)
	}
	s.must(json.Unmarshal(content[manifestName], &m))
	if m.ID != id || m.PartnerID != "app" || m.SessionID != "session" || z.File[len(z.File)-1].Name != manifestName {
		s.t.Errorf("manifest %+v", m)
	}
	return m, content
}

func (f file) String() string {
	return fmt.Sprintf("%s %d..%d video %v audio %v", f.Filename, f.StartTimeOffset, f.StopTimeOffset, ends(f.video), ends(f.audio))
}

// ends returns the first element, the last element and the length of a list.
func ends(list []int) string {
	if len(list) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d..%d (%d)", list[0], list[len(list)-1], len(list))
}

func (s *stage) expect(want ...string) {
	s.t.Helper()
	var got []string
	for _, f := range s.files() {
		got = append(got, f.String())
	}
	if !reflect.DeepEqual(got, want) {
		s.t.Errorf("files\n%q\nwant\n%q", got, want)
	}
}

// TestStreams records two streams that come and go at different times.
func TestStreams(t *testing.T) {
	s := newStage(t)
	s.add("a", 0)
	s.note(timeline.Recording, 0)
	s.play("a", 0, 1000)
	s.add("b", 1000)
	for ms := 1000; ms < 2000; ms += 500 {
		s.play("a", ms, ms+500)
		s.play("b", ms, ms+500)
	}
	s.remove("a", 2100)
	s.play("b", 2000, 3000)
	s.note(timeline.Stopped, 2500)
	s.remove("b", 3000)
	s.expect("a.webm 0..2100 video 0..1980 (51) audio 0..1980 (100)", "b.webm 1000..2500 video 0..1480 (39) audio 0..1480 (75)")
}

// TestOrder checks that the files are in the order of publication, even if their first media came in another order.
func TestOrder(t *testing.T) {
	s := newStage(t)
	s.must(s.journal.Note(timeline.Event{Kind: timeline.Recording, Archive: "other", At: at(0)}))
	for ms, id := range []string{"c", "a", "b"} {
		s.add(id, ms)
	}
	s.note(timeline.Recording, 10)
	for i, id := range []string{"b", "c", "a"} {
		s.play(id, 20*(i+1), 1000)
	}
	s.note(timeline.Stopped, 1000)
	for _, id := range []string{"a", "b", "c"} {
		s.remove(id, 1000)
	}
	m, _ := s.unpack(s.zip(s.survey()))
	var got []string
	for _, f := range m.Files {
		got = append(got, f.Filename)
	}
	if want := []string{"c.webm", "a.webm", "b.webm"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestVideoType records a stream with video and one without. The API reports both as cameras.
func TestVideoType(t *testing.T) {
	for _, video := range []bool{true, false} {
		take := &Take{Stream: timeline.Event{Stream: "a", VideoType: "camera", HasAudio: true, HasVideo: video}}
		p := &Plan{Segments: []*Segment{{Take: take}}}
		if f := p.manifest(archive.Archive{}).Files[0]; (f.VideoType == "camera") != video {
			t.Errorf("video %v: videoType %q", video, f.VideoType)
		}
	}
}

// TestEmpty checks that without a publisher there is a manifest and no media file.
func TestEmpty(t *testing.T) {
	s := newStage(t)
	s.note(timeline.Stopped, 60_000)
	s.archive.EffectiveAt, s.archive.CreatedAt = time.Time{}, time.UnixMilli(5)
	m, content := s.unpack(s.zip(s.survey()))
	if len(content) != 1 || m.Files == nil || len(m.Files) != 0 || m.CreatedAt != 5 {
		t.Errorf("%+v, %d entries", m, len(content))
	}
}

// TestMidway starts the archive while the stream is published. The file begins with the audio of that moment and with the next key frame.
func TestMidway(t *testing.T) {
	s := newStage(t)
	s.must(s.journal.Note(timeline.Event{Kind: timeline.Recording, Archive: "other", At: at(0)}))
	s.add("a", 0)
	s.play("a", 0, 1000)
	s.note(timeline.Recording, 500)
	s.play("a", 1000, 2000)
	s.note(timeline.Stopped, 2000)
	s.remove("a", 2000)
	s.expect("a.webm 0..1500 video 300..1460 (30) audio 0..1480 (75)")
}

// TestReconnection checks that a reconnection begins a file with its own zero. The other kind of media comes a little later.
func TestReconnection(t *testing.T) {
	s := newStage(t)
	s.add("a", 0)
	s.note(timeline.Recording, 0)
	s.play("a", 0, 1000)
	for ms := 8000; ms < 9000; ms += 20 {
		sound, picture := sample(av.Opus, ms, 1), sample(av.VP8, ms, 2)
		picture.Key = true
		sound.Reconnects, picture.Reconnects = 1, 1
		s.send("a", sound)
		if ms >= 8100 {
			s.send("a", picture)
		}
	}
	s.note(timeline.Stopped, 9500)
	s.remove("a", 9500)
	s.expect("a-1.webm 0..1000 video 0..960 (25) audio 0..980 (50)", "a-2.webm 8000..9500 video 100..980 (45) audio 0..980 (50)")
	if f := s.files(); !f[0].cut || f[1].cut {
		t.Errorf("cut: %v, %v; want the first file alone to say so", f[0].cut, f[1].cut)
	}
}

// TestCodecChange checks that another codec begins a file.
func TestCodecChange(t *testing.T) {
	s := newStage(t)
	s.add("a", 0)
	s.note(timeline.Recording, 0)
	s.play("a", 0, 400)
	for ms := 400; ms < 800; ms += 40 {
		v := sample(av.VP9, ms, 3)
		v.Key = ms == 400
		s.send("a", v)
	}
	s.note(timeline.Stopped, 800)
	s.remove("a", 800)
	s.expect("a-1.webm 0..400 video 0..360 (10) audio 0..380 (20)", "a-2.webm 400..800 video 0..360 (10) audio none")
}

// TestSelection selects a stream by calls: its audio alone, then both kinds, then nothing, then its video.
func TestSelection(t *testing.T) {
	s := newStage(t)
	s.choose(0)
	s.add("a", 0)
	s.add("b", 0)
	s.choose(1000, timeline.Selection{Stream: "a", HasAudio: true})
	s.note(timeline.Recording, 1000)
	s.play("a", 1000, 2000)
	s.play("b", 1000, 2000)
	s.choose(2000, timeline.Selection{Stream: "a", HasAudio: true, HasVideo: true})
	s.play("a", 2000, 3000)
	s.choose(3000)
	s.note(timeline.Paused, 3000)
	s.choose(4000, timeline.Selection{Stream: "a", HasVideo: true})
	s.note(timeline.Recording, 4000)
	s.play("a", 4000, 5000)
	s.note(timeline.Stopped, 5000)
	s.remove("a", 5000)
	s.remove("b", 5000)
	s.expect("a-1.webm 0..2000 video 1000..1960 (25) audio 0..1980 (100)", "a-2.webm 3000..4000 video 0..960 (25) audio none")
}

// TestGuesses checks that frames before the first sender report get their times from that report. The audio came 300 ms late until then.
func TestGuesses(t *testing.T) {
	for name, reported := range map[string]int{"early": 2000, "as late as browsers send it": 7000, "too late": 13_000} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.add("a", 0)
			s.note(timeline.Recording, 0)
			for ms := 0; ms < 15_000; ms += 40 {
				v := sample(av.VP8, ms, 1)
				v.Key = true
				s.send("a", v)
				sound := sample(av.Opus, ms, 1)
				sound.Stamp = int64(ms) * 48
				if ms < reported {
					sound.Guessed, sound.Captured, sound.Time = true, at(ms+300), at(ms+300)
				} else if ms == reported {
					s.must(s.writers["a"].Report(false, 0, at(0)))
				}
				sound.Time = max(sound.Time, at(min(ms+300, reported+300)))
				s.send("a", sound)
			}
			s.note(timeline.Stopped, 15_000)
			s.remove("a", 15_000)
			f := s.files()[0]
			first := 0
			if reported > 10_000 {
				first = 300
			}
			if f.audio[0] != first || f.video[0] != 0 || f.audio[len(f.audio)-1] != 14_960 {
				t.Errorf("%v", f)
			}
		})
	}
}

// TestEarlierCapture begins with a picture that was captured before the recording began, because its encoding took long. The start of the
// archive must move, so that no offset is negative and the streams stay in sync.
func TestEarlierCapture(t *testing.T) {
	s := newStage(t)
	s.add("a", 0)
	s.note(timeline.Recording, 0)
	v := sample(av.VP8, 0, 1)
	v.Key, v.Captured = true, at(-150)
	s.send("a", v)
	s.play("a", 20, 400)
	s.note(timeline.Stopped, 400)
	s.remove("a", 400)
	m, _ := s.unpack(s.zip(s.survey()))
	if f := m.Files[0]; m.CreatedAt != s.archive.EffectiveAt.UnixMilli()-150 || f.StartTimeOffset != 0 || f.StopTimeOffset != 550 {
		t.Errorf("%+v", m)
	}
}

// TestOutOfOrder checks that the times of B-frames are kept as they were received.
func TestOutOfOrder(t *testing.T) {
	s := newStage(t)
	s.add("a", 0)
	s.note(timeline.Recording, 0)
	latest := 0
	for i, ms := range []int{0, 120, 40, 80, 240, 160, 200} {
		v := sample(av.VP8, max(latest, ms), byte(i))
		latest = max(latest, ms)
		v.Key, v.Captured = true, at(ms)
		s.send("a", v)
	}
	s.note(timeline.Stopped, 400)
	s.remove("a", 400)
	if f := s.files()[0]; !reflect.DeepEqual(f.video, []int{0, 120, 40, 80, 240, 160, 200}) {
		t.Errorf("%v", f.video)
	}
}

// TestLive checks that the plan and the bytes are the same whether the journal is read while it is written or afterwards.
func TestLive(t *testing.T) {
	s := newStage(t)
	done := make(chan *Plan, 1)
	go func() { done <- s.survey() }()
	s.add("a", 0)
	s.note(timeline.Recording, 0)
	for ms := 0; ms < 20_000; ms += 1000 {
		s.play("a", ms, ms+1000)
		s.must(s.journal.Advance(at(ms + 800)))
	}
	s.pass("a", 20_000)
	s.note(timeline.Stopped, 20_000)
	live, after := <-done, s.survey()
	if !reflect.DeepEqual(live, after) {
		t.Errorf("live %+v, afterwards %+v", live, after)
	}
	if !bytes.Equal(s.zip(live), s.zip(after)) {
		t.Error("the bytes differ")
	}
}

// TestChanged checks that no file is made if the journal does not agree with the plan any more.
func TestChanged(t *testing.T) {
	s := newStage(t)
	s.add("a", 0)
	s.note(timeline.Recording, 0)
	s.play("a", 0, 1000)
	s.note(timeline.Stopped, 1000)
	s.remove("a", 1000)
	p := s.survey()
	p.Segments[0].CRC++
	r, err := p.Open(t.Context(), s.archive, s.journal, quiet)
	s.must(err)
	if _, err := io.Copy(io.Discard, r); err == nil {
		t.Error("a file that is not the one announced was made")
	}
	s.must(r.Close())
}

// TestCutAtTheEnd lets the publisher reconnect just before the archive stops, when the audio in the log has passed the stop. No more audio
// comes, and the archive must not wait for it.
func TestCutAtTheEnd(t *testing.T) {
	s := newStage(t)
	s.add("a", 0)
	s.note(timeline.Recording, 0)
	s.play("a", 0, 1000)
	s.note(timeline.Stopped, 2000)
	s.must(s.writers["a"].Advance(false, at(2100)))
	v := sample(av.VP8, 1900, 1)
	v.Key, v.Reconnects = true, 1
	s.send("a", v)
	s.must(s.writers["a"].Advance(true, at(2100)))
	s.expect("a-1.webm 0..1000 video 0..960 (25) audio 0..980 (50)", "a-2.webm 1900..2000 video 0..0 (1) audio none")
}
