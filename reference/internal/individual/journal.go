package individual

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/individual/matroska"
	"reelcheck/reference/internal/journal"
)

const (
	// begin is where recordings begin on the media clock. They have no other time than that since then.
	begin = av.Instant(time.Hour)
	// muted is the distance of video frames from which on the stream had stopped its video in between, as in a live recording.
	// Screens that stand still are repeated every second.
	muted = 1500 * time.Millisecond
	// lastPicture is how long the last picture before a mute is shown.
	lastPicture = 100 * time.Millisecond
)

// Recording is what was made of an archive.
type Recording struct {
	ArchiveID  string
	Start, End av.Instant
}

// part is a file as it is in the journal.
type part struct {
	File
	id                 string // in the journal
	from, to           time.Duration
	hasAudio, hasVideo bool
	mutes              []interval
	waiting            bool // for the key frame that ends the last of them
}

// interval is a stretch of the recording.
type interval struct{ from, to time.Duration }

// Fill writes the archive into an empty journal. Dir is for what it needs on the way; progress, if not nil, is told how much was read.
func (a *Archive) Fill(ctx context.Context, j *journal.Journal, dir string, progress func(done float64), log *slog.Logger) (Recording, error) {
	id := cmp.Or(a.ID, "archive")
	if err := j.Note(journal.Event{Kind: journal.Recording, Archive: id, At: begin}); err != nil {
		return Recording{}, err
	}
	var parts []*part
	files := slices.Clone(a.Files)
	slices.SortStableFunc(files, func(x, y File) int { return cmp.Compare(x.StartTimeOffset, y.StartTimeOffset) })
	first := files[0].start() // nobody published before
	for i, f := range files {
		p := &part{File: f, id: fmt.Sprintf("%d-%s", i+1, plain(f.StreamID)), from: f.start() - first, to: f.stop() - first}
		if err := a.fill(ctx, j, dir, p, log); err != nil {
			return Recording{}, fmt.Errorf("%s: %w", f.Filename, err)
		}
		if p.hasAudio || p.hasVideo {
			parts = append(parts, p)
		}
		if progress != nil {
			progress(float64(i+1) / float64(len(files)))
		}
	}
	if len(parts) == 0 {
		return Recording{}, errors.New("no media in any file")
	}
	end, err := note(j, id, parts)
	return Recording{ArchiveID: id, Start: begin, End: end}, err
}

// plain makes a stream id one that the journal takes.
func plain(id string) string {
	b := []byte(id[:min(len(id), 64)])
	for i, c := range b {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			b[i] = '_'
		}
	}
	return string(b)
}

// fill writes the log of one file.
func (a *Archive) fill(ctx context.Context, j *journal.Journal, dir string, p *part, log *slog.Logger) (err error) {
	s, err := newSpool(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := a.blocks(ctx, p, s, log); err != nil {
		return err
	}
	w, err := j.Stream(p.id)
	if err != nil {
		return err
	}
	var last time.Duration // of video
	err = s.sorted(func(e entry, data []byte) error {
		at := p.from + e.time
		if at < 0 {
			return nil
		}
		if e.codec.Video() {
			p.video(last, at, e.key)
			p.hasVideo, last = true, at
		} else {
			p.hasAudio = true
		}
		p.to = max(p.to, at)
		return w.Append(av.Sample{Codec: e.codec, Time: begin.Add(at), Key: e.key, Data: data})
	})
	if p.hasVideo && p.to-last > muted {
		p.mutes = append(p.mutes, interval{last + lastPicture, p.to})
	}
	return errors.Join(err, w.Close())
}

// video looks at a frame after another. Video that stopped comes back with its next key frame: nothing before can be decoded.
func (p *part) video(last, at time.Duration, key bool) {
	n := len(p.mutes)
	switch {
	case p.hasVideo && at-last > muted:
		p.mutes = append(p.mutes, interval{last + lastPicture, at})
		p.waiting = !key
	case p.waiting:
		p.mutes[n-1].to, p.waiting = at, !key
	}
}

// blocks reads a file into a spool. One that was cut off is as good as its beginning.
func (a *Archive) blocks(ctx context.Context, p *part, s *spool, log *slog.Logger) error {
	entry := a.media[p.Filename]
	r, err := entry.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	if entry.UncompressedSize64 == 0 {
		log.Warn("file is empty", "file", p.Filename)
		return nil
	}
	err = matroska.Read(io.LimitReader(r, int64(entry.UncompressedSize64)), func(b matroska.Block) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if p.start()+b.Time > longest {
			return fmt.Errorf("a block is %v after the beginning of the archive: at most %v are read", p.start()+b.Time, longest)
		}
		return s.add(b)
	})
	if errors.Is(err, matroska.ErrCut) {
		log.Warn("file is cut off", "file", p.Filename)
		return nil
	}
	return err
}

// note puts on the timeline when streams came and went, when their video was muted, and when nobody was there, during which the
// recording pauses.
func note(j *journal.Journal, id string, parts []*part) (end av.Instant, err error) {
	var events []journal.Event
	for _, p := range parts {
		connection := p.ConnectionData // that of one client, as far as anybody can tell
		if connection == "" {
			connection = p.StreamID
		}
		events = append(events,
			journal.Event{Kind: journal.StreamAdded, At: begin.Add(p.from), Stream: p.id, Connection: connection, VideoType: p.VideoType,
				HasAudio: p.hasAudio, HasVideo: p.hasVideo},
			journal.Event{Kind: journal.StreamRemoved, At: begin.Add(p.to), Stream: p.id, Reason: "ended"})
		end = max(end, begin.Add(p.to))
		for _, m := range p.mutes {
			events = append(events, journal.Event{Kind: journal.VideoStopped, At: begin.Add(m.from), Stream: p.id})
			if m.to < p.to {
				events = append(events, journal.Event{Kind: journal.VideoResumed, At: begin.Add(m.to), Stream: p.id})
			}
		}
	}
	for _, hole := range holes(parts) {
		events = append(events, journal.Event{Kind: journal.Paused, At: begin.Add(hole.from), Archive: id},
			journal.Event{Kind: journal.Recording, At: begin.Add(hole.to), Archive: id})
	}
	slices.SortStableFunc(events, func(a, b journal.Event) int { return cmp.Compare(a.At, b.At) })
	events = append(events, journal.Event{Kind: journal.Stopped, At: end, Archive: id})
	for _, e := range events {
		if err := j.Note(e); err != nil {
			return 0, err
		}
	}
	return end, nil
}

// holes are the stretches without any stream.
func holes(parts []*part) []interval {
	sorted := slices.SortedFunc(slices.Values(parts), func(a, b *part) int { return cmp.Compare(a.from, b.from) })
	var list []interval
	reached := time.Duration(0)
	for _, p := range sorted {
		if p.from > reached {
			list = append(list, interval{reached, p.from})
		}
		reached = max(reached, p.to)
	}
	return list
}
