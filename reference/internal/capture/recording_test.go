package capture

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/mux/matroska"
	"reelcheck/reference/internal/timeline"
)

// recording is a journal that a test writes, and the archive that is made from it.
type recording struct {
	t       testing.TB
	journal *journal.Journal
	writers map[string]*journal.Writer
	archive archive.Archive
	options Options
}

func newRecording(t testing.TB) *recording {
	t.Helper()
	j, err := journal.Open(filepath.Join(t.TempDir(), "journal"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return &recording{t: t, journal: j, writers: map[string]*journal.Writer{}, options: Options{HasAudio: true, HasVideo: true},
		archive: archive.Archive{ID: id, ApplicationID: "app", SessionID: "session", OutputMode: archive.Individual, PreferredVideoCodec: "VP8",
			EffectiveAt: time.UnixMilli(1_700_000_000_123)}}
}

func at(ms int) av.Instant { return begin.Add(time.Duration(ms) * time.Millisecond) }

func (s *recording) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *recording) note(kind timeline.Kind, ms int) {
	s.t.Helper()
	s.must(s.journal.Note(timeline.Event{Kind: kind, Archive: id, At: at(ms)}))
}

func (s *recording) choose(ms int, list ...timeline.Selection) {
	s.t.Helper()
	s.must(s.journal.Note(timeline.Event{Kind: timeline.Selected, Archive: id, At: at(ms), Selection: list}))
}

func (s *recording) add(stream string, ms int) {
	s.t.Helper()
	w, err := s.journal.Stream(stream)
	s.must(err)
	s.writers[stream] = w
	s.must(s.journal.Note(timeline.Event{Kind: timeline.StreamAdded, Stream: stream, At: at(ms), HasAudio: true, HasVideo: true,
		VideoType: "camera", Connection: "client of " + stream, ConnectionData: "of " + stream}))
}

func (s *recording) remove(stream string, ms int) {
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

func (s *recording) send(stream string, list ...av.Sample) {
	s.t.Helper()
	for _, x := range list {
		s.must(s.writers[stream].Append(x))
	}
}

// play sends an audio packet every 20 ms and a picture every 40 ms. The first picture and every tenth are key frames.
func (s *recording) play(stream string, from, to int) {
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
func (s *recording) pass(stream string, ms int) {
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
func (s *recording) survey() *Plan {
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
func (s *recording) files() []file {
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

func (s *recording) zip(p *Plan) []byte {
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

func (s *recording) unpack(b []byte) (m Manifest, content map[string][]byte) {
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

func (s *recording) expect(want ...string) {
	s.t.Helper()
	var got []string
	for _, f := range s.files() {
		got = append(got, f.String())
	}
	if !reflect.DeepEqual(got, want) {
		s.t.Errorf("files\n%q\nwant\n%q", got, want)
	}
}
