package main

import (
	"log/slog"
	"os"
	"path/filepath"

	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/ffmpeg/decoding"
	"reelcheck/reference/internal/ffmpeg/encoding"
	"reelcheck/reference/internal/tools/command"
)

const (
	defaultFFmpeg = "ffmpeg"
	ffmpegHelp    = "FFmpeg program, version " + ffmpeg.Versions + "; with the default, FFmpeg's libraries are used for decoding and encoding if they are found"
)

// children returns the programs that decode and encode. If the user names an FFmpeg program, it does everything.
func children(path string, log *slog.Logger) ffmpeg.Config {
	c := ffmpeg.Config{Path: path}
	if path == defaultFFmpeg {
		c.Decoder, c.Encoder = ffmpeg.Beside(decoding.Program, log), ffmpeg.Beside(encoding.Program, log)
	}
	return c
}

// toolServer is what the tools share with the server.
var toolServer = command.Server{FFmpeg: defaultFFmpeg, FFmpegHelp: ffmpegHelp, Programs: children, KeyFile: keyFileOf}

// keyFileOf returns the path of the key file for a sealed journal, DATA/recordings/journals/SESSION.
func keyFileOf(journal string) string {
	if set := os.Getenv(envName("key-file")); set != "" {
		return set
	}
	return besideData(filepath.Join(absolute(journal), "..", "..", ".."))
}
