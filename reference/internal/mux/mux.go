// Package mux says what the server gives to those who write container formats: coded samples of tracks, chunk after chunk. It is pure. The
// formats are in its subdirectories; each takes the same tracks and implements [Writer]:
//
//	w := mp4.NewWriter(media, video, audio)
//	err := w.Chunk(video, pictures) // again and again
//	err = w.Close()
//	head, err := w.Head(length) // what goes in front of the media
package mux

import (
	"time"

	"reelcheck/reference/internal/av"
)

// Sample is one coded sample as files store it: H.264 with length-prefixed NAL units, AAC without ADTS header.
type Sample struct {
	Data []byte
	Key  bool
}

// Track describes one track whose samples all last the same time. A track with channels is audio, its timescale the sample rate; a track
// without is video.
type Track struct {
	Timescale      uint32
	SampleDuration uint32 // in the track's timescale
	Skip           int64  // ticks into the track at which the presentation begins: with an encoder that must be primed, its delay

	Sets     av.ParameterSets // H.264; empty where they are among the samples
	Channels byte             // AAC-LC
	Bitrate  uint32           // AAC, bit/s
}

// Writer writes the samples of tracks it was made with. The same samples give the same bytes. It belongs to one goroutine.
type Writer interface {
	// Chunk appends samples of one track. A writer may keep their data until Close.
	Chunk(t *Track, samples []Sample) error
	// Close writes what waits for samples that do not come. There is no chunk after it.
	Close() error
	// Size returns how many bytes were written.
	Size() int64
	// Head returns what goes in front of what was written, of which so much is presented; nil for formats without a head.
	Head(length time.Duration) ([]byte, error)
}
