//go:build linux && (amd64 || arm64)

package main

import (
	"reelcheck/reference/internal/ffmpeg/encoding"
	"reelcheck/reference/internal/ffmpeg/libav"
)

// sound collects samples into AAC frames.
type sound struct {
	encoder *libav.Encoder
	send    func([]byte) error
	frame   *libav.Frame
	samples []float32 // of the current frame
	n       int       // number of samples that it holds so far
	time    int64     // number of its first sample
}

func newSound(library *libav.Library, job encoding.Job, send func([]byte) error) (s *sound, err error) {
	s = &sound{send: send, samples: make([]float32, job.AACFrame)}
	if s.frame, err = library.NewSound(s.samples); err != nil {
		return nil, err
	}
	s.encoder, err = library.NewAudioEncoder("aac", job.SampleRate, options(job.Audio))
	return s, err
}

func (s *sound) add(samples []float32) error {
	for len(samples) > 0 {
		n := copy(s.samples[s.n:], samples)
		s.n, samples = s.n+n, samples[n:]
		if s.n == len(s.samples) {
			if err := s.encode(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *sound) encode() error {
	s.frame.SetSamples(s.n)
	err := s.encoder.Encode(s.frame, s.time, s.send)
	s.time, s.n = s.time+int64(s.n), 0
	return err
}

// end encodes the last frame, which may be short.
func (s *sound) end() error {
	if s.n > 0 {
		if err := s.encode(); err != nil {
			return err
		}
	}
	return s.encoder.Drain(s.send)
}
