package capture

import (
	"encoding/json"
	"fmt"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/timeline"
)

// Manifest is the manifest in the ZIP (ARC-MAN-01).
type Manifest struct {
	CreatedAt int64  `json:"createdAt"` // effective start in ms since the epoch (ARC-MAN-06)
	Files     []File `json:"files"`
	ID        string `json:"id"`        // ARC-MAN-02
	Name      string `json:"name"`      // ARC-MAN-05
	PartnerID string `json:"partnerId"` // id of the application (ARC-MAN-03)
	SessionID string `json:"sessionId"` // ARC-MAN-04
}

// File describes a media file. Offsets are in ms after CreatedAt.
type File struct {
	ConnectionData  string `json:"connectionData"`      // ARC-MAN-13
	Filename        string `json:"filename"`            // ARC-MAN-09
	Size            int64  `json:"size"`                // ARC-MAN-10
	StartTimeOffset int64  `json:"startTimeOffset"`     // of the first frame (ARC-MAN-11, ARC-MAN-16)
	StopTimeOffset  int64  `json:"stopTimeOffset"`      // when recording of the file stopped (ARC-MAN-12)
	StreamID        string `json:"streamId"`            // ARC-MAN-08
	VideoType       string `json:"videoType,omitempty"` // the first one (ARC-MAN-14); absent without video
}

// manifest returns the manifest of a plan. Offsets must not be negative. If a first frame was captured before the recording began, because its
// picture took long to encode, createdAt is earlier by that time.
func (p *Plan) manifest(a archive.Archive) Manifest {
	m := Manifest{ID: a.ID, Name: a.Name, PartnerID: a.ApplicationID, SessionID: a.SessionID, Files: []File{}}
	origin := p.Origin
	for _, s := range p.Segments {
		origin = min(origin, s.Zero)
	}
	m.CreatedAt = a.EffectiveStart().Add(-p.Origin.Sub(origin)).UnixMilli()
	names, webM := p.names(a), webM(a)
	for i, s := range p.Segments {
		stop := s.Zero.Add(s.Length)
		if !s.Cut {
			stop = max(stop, s.Take.To)
		}
		m.Files = append(m.Files, File{
			ConnectionData: s.Take.Stream.ConnectionData, Filename: names[i], Size: int64(len(s.head(webM))) + s.Body,
			StartTimeOffset: offset(s.Zero, origin), StopTimeOffset: offset(stop, origin),
			StreamID: s.Take.Stream.Stream, VideoType: videoType(s.Take.Stream),
		})
	}
	return m
}

// videoType returns the video type that the client declared, or the API's default; "" for a stream without video (ARC-MAN-14).
func videoType(stream timeline.Event) string {
	if !stream.HasVideo {
		return ""
	}
	return stream.VideoType
}

func offset(t, origin av.Instant) int64 { return t.Sub(origin).Round(time.Millisecond).Milliseconds() }

// webM reports whether the files of a are WebM. The preferred codec of the application decides, not the codec of a stream (ARC-IND-08,
// ARC-IND-09, ARC-IND-10).
func webM(a archive.Archive) bool { return a.PreferredVideoCodec != string(av.H264) }

// names returns the name of each segment's file (ARC-IND-05). If a stream has several segments, their files are numbered (ARC-IND-07).
func (p *Plan) names(a archive.Archive) []string {
	extension := ".mkv"
	if webM(a) {
		extension = ".webm"
	}
	total, seen := map[string]int{}, map[string]int{}
	for _, s := range p.Segments {
		total[s.Take.Stream.Stream]++
	}
	var names []string
	for _, s := range p.Segments {
		id := s.Take.Stream.Stream
		seen[id]++
		if total[id] == 1 {
			names = append(names, id+extension)
		} else {
			names = append(names, fmt.Sprintf("%s-%d%s", id, seen[id], extension))
		}
	}
	return names
}

func (m Manifest) bytes() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", "  ")
	return append(b, '\n'), err
}
