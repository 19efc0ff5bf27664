package main

import (
	"log/slog"

	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/ffmpeg/decoding"
	"reelcheck/reference/internal/ffmpeg/encoding"
)

const (
	defaultFFmpeg = "ffmpeg"
	ffmpegHelp    = "FFmpeg program, version " + ffmpeg.Versions + "; as long as it is the default, FFmpeg's libraries decode and encode where they are found"
)

// children are what composes. Who names a program wants that one to do all.
func children(path string, log *slog.Logger) ffmpeg.Config {
	c := ffmpeg.Config{Path: path}
	if path == defaultFFmpeg {
		c.Decoder, c.Encoder = ffmpeg.Beside(decoding.Program, log), ffmpeg.Beside(encoding.Program, log)
	}
	return c
}
