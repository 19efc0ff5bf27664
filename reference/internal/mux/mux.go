// Package mux describes what writers of container formats are given: coded samples of tracks, chunk after chunk. It is
// pure. The formats are in its subdirectories. Packages mp4 and ts take the same tracks and implement [Writer]; package
// matroska, which stores frames as they were received, has a writer of its own:
//
//	w := mp4.NewWriter(media, video, audio)
//	err := w.Chunk(video, pictures) // again and again
//	err = w.Close()
//	head, err := w.Head(length) // what goes before the media
package mux

import (
	"time"

	"reelcheck/reference/internal/av"
)

// Sample is one coded sample as files store it: H.264 with length-prefixed NAL units, AAC without the ADTS header.
type Sample struct {
	Data []byte
	Key  bool
}

// Track describes a track whose samples all last the same time. A track with channels is audio, and its timescale is the
// sample rate; any other track is video.
type Track struct {
	Timescale      uint32
	SampleDuration uint32 // in the track's timescale
	Skip           int64  // ticks before the presentation begins, such as the delay of an encoder that must be primed

	Sets     av.ParameterSets // H.264; empty if they are among the samples
	Channels byte             // AAC-LC
	Bitrate  uint32           // AAC, bit/s
}

// Writer writes the samples of the tracks that it was made with. The same samples give the same bytes. It belongs to one
// goroutine.
type Writer interface {
	// Chunk appends samples of one track. A writer may keep their data until Close.
	Chunk(t *Track, samples []Sample) error
	// Close writes the samples that wait for others. The caller must not call Chunk after it.
	Close() error
	// Size returns the number of bytes written.
	Size() int64
	// Head returns the bytes that go before what was written, or nil for formats without a head. length is the duration
	// of the presentation.
	Head(length time.Duration) ([]byte, error)
}
