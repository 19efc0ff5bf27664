package capture

import (
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/mux/matroska"
)

// Segment is a file of an archive: media of a stream without an interruption (ARC-IND-06), and what is needed to write the file.
type Segment struct {
	Take  *Take            `json:"take"`
	Begin journal.Position `json:"begin"` // in the stream's log
	// Reach is the time that the log had reached before Begin, for audio and video.
	Reach [2]av.Instant `json:"reach"`
	// Zero is the least capture time of its frames. It has the presentation time 0 (ARC-IND-22).
	Zero    av.Instant `json:"zero"`
	Reports [2]*Report `json:"reports"`       // audio, video; nil = no frame's capture time was guessed, or no report came
	Cut     bool       `json:"cut,omitempty"` // the publisher's connection broke, or its codec changed

	Video    av.Codec      `json:"video,omitempty"`
	Private  []byte        `json:"private,omitempty"`
	Channels int           `json:"channels,omitempty"`
	Length   time.Duration `json:"length"` // presentation time of the end
	Body     int64         `json:"body"`   // bytes of its clusters
	CRC      uint32        `json:"crc"`    // CRC-32 of its clusters
}

// Report gives the capture time of the frames before it in the log whose capture time was guessed.
type Report struct {
	Before   journal.Position `json:"before"`
	Stamp    int64            `json:"stamp"`
	Captured av.Instant       `json:"captured"`
}

// kind returns the index for audio or video.
func kind(video bool) int {
	if video {
		return 1
	}
	return 0
}

// captured returns the capture time of the frame at a position of the log. Frames before the first sender report get their times from that
// report (ARC-IND-23).
func (s *Segment) captured(it journal.Item, at journal.Position) av.Instant {
	report := s.Reports[kind(it.Video)]
	if report == nil || !it.Guessed || !at.Before(report.Before) {
		return it.Sample.At()
	}
	return report.Captured.Add(av.Duration(it.Stamp-report.Stamp, it.Codec.ClockRate()))
}

// empty reports whether the file has no media.
func (s *Segment) empty() bool { return s.Video == "" && s.Channels == 0 }

func (s *Segment) head(webM bool) []byte {
	return matroska.Head{
		WebM: webM && s.Video != av.H264, Video: s.Video, Private: s.Private, Channels: s.Channels, Duration: s.Length,
		Connection: s.Take.Stream.Connection, Cut: s.Cut, Body: s.Body,
	}.Bytes()
}
