package capture

import (
	"io"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/mux/matroska"
)

const (
	// A cluster ends when it reaches one of these limits.
	clusterBytes = 256 << 10
	clusterTime  = 5 * time.Second
)

// film writes the clusters of a segment to out. It writes frames as they were received and fills no gaps (ARC-IND-11, ARC-IND-18). It stores in
// the segment what the head of the file needs.
type film struct {
	segment *Segment
	filter  *filter
	out     io.Writer
	looked  [2]bool // by kind: the report for the first frame was looked for

	blocks []byte        // blocks of the open cluster
	start  time.Duration // presentation time of the cluster, in whole ms
	head   []byte        // scratch
}

func newFilm(s *Segment, out io.Writer) *film {
	s.Video, s.Private, s.Channels, s.Length, s.Body = "", nil, 0, 0, 0
	return &film{segment: s, filter: newFilter(s), out: out}
}

// see handles the next item of the log. It does not write a frame if the verdict is early or unsure. After early the film must be made again from
// its beginning with the lower zero, because no time in a file may be negative or moved (ARC-MAN-16, ARC-IND-22). After unsure the same frame may be
// passed again.
func (f *film) see(it journal.Item, at journal.Position) (verdict, error) {
	v := f.filter.see(it)
	if v != taken {
		return v, nil
	}
	s, k := f.segment, kind(it.Video)
	if it.Guessed && !f.looked[k] {
		return unsure, nil
	}
	f.looked[k] = true
	captured := s.captured(it, at)
	if captured < s.Zero {
		s.Zero = captured
		return early, nil
	}
	pts := captured.Sub(s.Zero) // ARC-IND-16, ARC-IND-17
	end, data, track := pts, it.Data, byte(matroska.VideoTrack)
	if it.Video {
		f.video(it)
		if s.Private != nil {
			data = matroska.AVC(it.Data)
		}
	} else {
		track = matroska.AudioTrack
		f.audio(it)
		if d, err := av.OpusDuration(it.Data); err == nil {
			end += d
		}
	}
	s.Length = max(s.Length, end)
	return taken, f.block(track, pts.Round(time.Millisecond), it.Key || !it.Video, data)
}

// video stores what the first frame says about the track; without a frame the file has no such track (ARC-IND-10, ARC-IND-24). H.264 with invalid
// parameter sets stays in Annex B form.
func (f *film) video(it journal.Item) {
	s := f.segment
	if s.Video != "" {
		return
	}
	s.Video = it.Codec
	if it.Codec != av.H264 {
		return
	}
	if private, err := matroska.AVCPrivate(it.Data); err == nil {
		s.Private = private
	}
}

// audio stores what a packet says about the track. Packets are Opus and stay as they are (ARC-IND-19, ARC-IND-24).
func (f *film) audio(it journal.Item) {
	if f.segment.Channels == 0 {
		f.segment.Channels = 1
	}
	if av.OpusStereo(it.Data) {
		f.segment.Channels = 2
	}
}

// block appends a block. Times may decrease from one block to the next (ARC-IND-15).
func (f *film) block(track byte, pts time.Duration, key bool, data []byte) error {
	if len(f.blocks) > 0 && (len(f.blocks)+len(data) > clusterBytes || (pts-f.start).Abs() > clusterTime) {
		if err := f.flush(); err != nil {
			return err
		}
	}
	if len(f.blocks) == 0 {
		f.start = pts
	}
	f.blocks = matroska.AppendBlock(f.blocks, track, int16((pts-f.start)/time.Millisecond), key, data)
	return nil
}

// flush writes the open cluster.
func (f *film) flush() error {
	if len(f.blocks) == 0 {
		return nil
	}
	f.head = matroska.AppendCluster(f.head[:0], f.start.Milliseconds(), int64(len(f.blocks)))
	for _, b := range [][]byte{f.head, f.blocks} {
		if _, err := f.out.Write(b); err != nil {
			return err
		}
		f.segment.Body += int64(len(b))
	}
	f.blocks = f.blocks[:0]
	return nil
}
