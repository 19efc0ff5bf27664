package individual

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/mux/matroska"
	"reelcheck/reference/internal/timeline"
	"reelcheck/reference/internal/tools/individual/still"
	"reelcheck/reference/internal/tools/spool"
)

const (
	// begin is the instant on the media clock at which all recordings begin. The files do not give a real time.
	begin = av.Instant(time.Hour)
	// lead is how long after its beginning the first media of a recording may come. If it comes later, nobody was publishing before.
	lead = 2 * time.Second
	// together is how far apart the first media of streams may be that were there when the recording began.
	together = 300 * time.Millisecond
	// CatchUp is how old the last key frame of a stream may be when the stream gets a place in a composition. A new one cannot be requested any
	// more, and a camera may have sent only the first.
	CatchUp = longest
)

// ErrEmpty is returned for an archive without files, because nobody published.
var ErrEmpty = errors.New("there is nothing to compose: nobody published")

// Recording is the recording that Fill has written.
type Recording struct {
	ArchiveID  string
	Start, End av.Instant
	Streams    map[string]string // from ids in the journal to ids in the manifest; nil if they are the same
}

// Options are the options of [Archive.Fill].
type Options struct {
	Dir string // for temporary files
	// Classes are the layout classes by stream id of the manifest, which does not contain them.
	Classes map[string][]string
	// Still, if set, encodes a picture as a key frame of H.264. Without it, files that are pictures are left out.
	Still func(ctx context.Context, picture *image.RGBA) ([]byte, error)
	// Progress, if set, is called with the part that was read, from 0 to 1.
	Progress func(done float64)
	Log      *slog.Logger
}

// filling is the state of one Fill.
type filling struct {
	*Archive
	Options
	journal *journal.Journal
	zero    time.Duration // beginning of the recording, counted from that of the archive
	parts   []*part
	unread  error // reason why the first unread file was left out
}

// Fill writes the archive into an empty journal. It returns ErrEmpty if the archive has no files.
func (a *Archive) Fill(ctx context.Context, j *journal.Journal, o Options) (Recording, error) {
	if len(a.Files) == 0 {
		return Recording{}, ErrEmpty
	}
	for id := range o.Classes {
		if !slices.ContainsFunc(a.Files, func(f File) bool { return f.StreamID == id }) {
			return Recording{}, fmt.Errorf("class: stream %q is not in the archive", id)
		}
	}
	id := cmp.Or(a.ID, "archive")
	if err := j.Note(timeline.Event{Kind: timeline.Recording, Archive: id, At: begin}); err != nil {
		return Recording{}, err
	}
	f := &filling{Archive: a, Options: o, journal: j}
	for _, reason := range a.refused {
		f.Log.Warn("file is not read", "reason", reason)
		f.unread = cmp.Or(f.unread, reason)
	}
	files := f.order()
	var open []*part
	for i, file := range files {
		if i > 0 && file.StreamID != files[i-1].StreamID {
			if err := finish(open); err != nil {
				return Recording{}, err
			}
			open = nil
		}
		var err error
		if open, err = f.file(ctx, file, open); err != nil {
			return Recording{}, fmt.Errorf("%s: %w", file.Filename, err)
		}
		if o.Progress != nil {
			o.Progress(float64(i+1) / float64(len(files)))
		}
	}
	if err := finish(open); err != nil {
		return Recording{}, err
	}
	if len(f.parts) == 0 {
		return Recording{}, errors.Join(errors.New("no media in any file"), f.unread)
	}
	end, err := f.note(id)
	streams := map[string]string{}
	for _, p := range f.parts {
		streams[p.id] = p.StreamID
	}
	return Recording{ArchiveID: id, Start: begin, End: end, Streams: streams}, err
}

// order returns the files stream by stream. Streams are in the order in which they began; those that began with the recording are in the order
// of the manifest, as they were there before.
func (f *filling) order() []File {
	files := slices.Clone(f.Files)
	begins := slices.MinFunc(files, func(x, y File) int { return cmp.Compare(x.start(), y.start()) }).start()
	if begins >= lead {
		f.zero = begins
	}
	since := func(x File) time.Duration {
		if x.start()-begins < together {
			return 0
		}
		return x.start()
	}
	slices.SortStableFunc(files, func(x, y File) int { return cmp.Compare(since(x), since(y)) })
	first := map[string]int{}
	for i, file := range files {
		if _, known := first[file.StreamID]; !known {
			first[file.StreamID] = i
		}
	}
	slices.SortStableFunc(files, func(x, y File) int {
		return cmp.Or(cmp.Compare(first[x.StreamID], first[y.StreamID]), cmp.Compare(x.start(), y.start()))
	})
	return files
}

func finish(parts []*part) error {
	var errs []error
	for _, p := range parts {
		errs = append(errs, p.finish())
	}
	return errors.Join(errs...)
}

// file writes one file to the part of its stream that it can follow, or to a new part. It returns the parts of the stream.
func (f *filling) file(ctx context.Context, file File, open []*part) (parts []*part, err error) {
	data, err := spool.New(f.Dir)
	if err != nil {
		return open, err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	s := &contents{data: data}
	if err := f.blocks(ctx, file, s); err != nil {
		return open, err
	}
	if s.blocks() == 0 {
		return open, nil
	}
	s.arrange()
	var p *part
	if i := slices.IndexFunc(open, func(p *part) bool { return p.takes(file, s, f.zero) }); i >= 0 {
		p = open[i]
	} else {
		p = &part{File: file, classes: f.Classes[file.StreamID], id: fmt.Sprintf("%d-%s", len(f.parts)+1, Plain(file.StreamID))}
		if p.w, err = f.journal.Stream(p.id); err != nil {
			return open, err
		}
		open, f.parts = append(open, p), append(f.parts, p)
	}
	p.client = cmp.Or(p.client, s.client)
	from, to := file.start()-f.zero, file.stop()-f.zero
	p.begin(max(from, 0), max(to, 0), len(s.index[video]) > 0)
	err = s.each(func(kind int, e entry, data []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if kind == audio && from+e.time < 0 {
			return nil
		}
		return p.w.Append(p.sample(kind, s.codecs[kind], e, from, data))
	})
	p.end(to, s.still)
	p.cut = s.cut
	return open, err
}

// Plain returns id with every character replaced that is not safe in a journal or a file name, and at most 64 bytes of it.
func Plain(id string) string {
	b := []byte(id[:min(len(id), 64)])
	for i, c := range b {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			b[i] = '_'
		}
	}
	return string(b)
}

// blocks reads the contents of a file. If the file is cut off, it reads the beginning.
func (f *filling) blocks(ctx context.Context, file File, s *contents) error {
	entry := f.media[file.Filename]
	r, err := entry.Open()
	var disk *fs.PathError // the ZIP cannot be read
	if errors.As(err, &disk) {
		return err
	}
	if err != nil {
		f.leave(file, err)
		return nil
	}
	defer r.Close()
	if entry.UncompressedSize64 == 0 {
		f.Log.Warn("file is empty", "file", file.Filename)
		return nil
	}
	media := bufio.NewReader(io.LimitReader(r, int64(entry.UncompressedSize64)))
	if head, err := media.Peek(still.HeadSize); err == nil && still.Is(head) {
		return f.picture(ctx, file, media, s)
	}
	told := matroska.Told{
		Skipped: func(s matroska.Skipped) {
			f.Log.Warn("track is not read", "file", file.Filename, "track", s.Track, "reason", s.Reason)
		},
		Tag: func(name, value string) {
			switch name {
			case matroska.ConnectionTag:
				s.client = value
			case matroska.CutTag:
				s.cut = true
			}
		},
	}
	var own error // of this side, not of the file
	err = matroska.ReadTold(media, told, func(b matroska.Block) error {
		if own = ctx.Err(); own != nil {
			return own
		}
		if at := file.start() + b.Time; at > longest || at < -longest {
			return fmt.Errorf("a block is %v after the beginning of the archive: at most %v are read", at, longest)
		}
		if s.blocks() >= maxBlocks {
			return fmt.Errorf("more than %d blocks", maxBlocks)
		}
		own = s.add(b)
		return own
	})
	switch {
	case own != nil, errors.As(err, &disk):
		return err
	case err != nil && s.blocks() == 0:
		f.leave(file, err)
	case err != nil:
		f.Log.Warn("file is not complete", "file", file.Filename, "error", err)
	}
	return nil
}

// leave logs that a file is left out, and remembers the first reason.
func (f *filling) leave(file File, reason error) {
	f.Log.Warn("file is not read", "file", file.Filename, "reason", reason)
	f.unread = cmp.Or(f.unread, fmt.Errorf("%s: %w", file.Filename, reason))
}

// picture reads the contents of a file that is a picture, as one frame.
func (f *filling) picture(ctx context.Context, file File, r io.Reader, s *contents) error {
	if f.Still == nil {
		f.leave(file, errors.New("it is a picture"))
		return nil
	}
	picture, err := still.Decode(ctx, r)
	if err != nil {
		return err
	}
	frame, err := f.Still(ctx, picture)
	if err != nil {
		return err
	}
	s.still = true
	return s.add(matroska.Block{Track: &matroska.Track{Codec: av.H264}, Key: true, Data: frame})
}

// note puts events on the timeline: when streams came and went, when their video was missing, and when there was no stream, so that the
// recording pauses.
func (f *filling) note(id string) (end av.Instant, err error) {
	var events []timeline.Event
	clients, added := clientsOf(f.parts), f.places()
	for i, p := range f.parts {
		events = append(events, p.events(clients[i], added[i])...)
		end = max(end, begin.Add(p.to()))
	}
	for _, hole := range holes(f.parts) {
		events = append(events, timeline.Event{Kind: timeline.Paused, At: begin.Add(hole.from), Archive: id},
			timeline.Event{Kind: timeline.Recording, At: begin.Add(hole.to), Archive: id})
	}
	slices.SortStableFunc(events, func(a, b timeline.Event) int { return cmp.Compare(a.At, b.At) })
	events = append(events, timeline.Event{Kind: timeline.Stopped, At: end, Archive: id})
	for _, e := range events {
		if err := f.journal.Note(e); err != nil {
			return 0, err
		}
	}
	return end, nil
}
