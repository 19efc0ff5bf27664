package main

import (
	"log/slog"

	"reelcheck/reference/internal/compose/ffmpeg"
)

const (
	defaultFFmpeg = "ffmpeg"
	ffmpegHelp    = "FFmpeg program, version 5.1 to 8; as long as it is the default, FFmpeg's libraries decode where they are found"
)

// children are what composes. Who names a program wants that one to do all.
func children(path string, log *slog.Logger) ffmpeg.Config {
	c := ffmpeg.Config{Path: path}
	if path == defaultFFmpeg {
		c.Libav = ffmpeg.Beside(log)
	}
	return c
}
