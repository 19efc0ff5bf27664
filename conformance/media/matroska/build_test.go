package matroska

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"

	"reelcheck/fixtures"
	"reelcheck/fixtures/ffmpegtest"
)

// el returns an element with its size in as few bytes as possible.
func el(id uint32, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	return append(append(idBytes(id), size(len(body))...), body...)
}

// open returns an element of unknown size.
func open(id uint32, parts ...[]byte) []byte {
	b := append(idBytes(id), 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func idBytes(id uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, id)
	for b[0] == 0 {
		b = b[1:]
	}
	return b
}

func size(n int) []byte {
	if n < 127 {
		return []byte{0x80 | byte(n)}
	}
	return []byte{0x10 | byte(n>>24), byte(n >> 16), byte(n >> 8), byte(n)}
}

func num(id uint32, v uint64) []byte {
	b := binary.BigEndian.AppendUint64(nil, v)
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	return el(id, b)
}

func text(id uint32, s string) []byte { return el(id, []byte(s)) }

func real64(id uint32, v float64) []byte {
	return el(id, binary.BigEndian.AppendUint64(nil, math.Float64bits(v)))
}

func head(docType string) []byte {
	return el(idEBML, num(idDocTypeVersion, 4), num(idDocTypeReadVersion, 2), text(idDocType, docType))
}

func info() []byte {
	return el(idInfo, num(idTimestampScale, 1_000_000), real64(idDuration, 1500), text(idMuxingApp, "m"), text(idWritingApp, "w"))
}

func videoTrack(number uint64, codec string, private []byte) []byte {
	parts := [][]byte{num(idTrackNumber, number), num(idTrackUID, 1<<63+number), num(idTrackType, 1), text(idCodecID, codec),
		el(idVideo, num(idPixelWidth, 640), num(idPixelHeight, 480))}
	if private != nil {
		parts = append(parts, el(idCodecPrivate, private))
	}
	return el(idTrackEntry, parts...)
}

func audioTrack(number uint64) []byte {
	return el(idTrackEntry, num(idTrackNumber, number), num(idTrackType, 2), text(idCodecID, "A_OPUS"), el(idCodecPrivate, []byte("OpusHead")),
		num(idCodecDelay, 6_500_000), num(idSeekPreRoll, 80_000_000), el(idAudio, real64(idSamplingFrequency, 48000), num(idChannels, 2)))
}

// block returns a block.
func block(track byte, relative int16, flags byte, payload ...byte) []byte {
	return append([]byte{0x80 | track, byte(uint16(relative) >> 8), byte(relative), flags}, payload...)
}

func simple(track byte, relative int16, flags byte, payload ...byte) []byte {
	return el(idSimpleBlock, block(track, relative, flags, payload...))
}

// vp8Key and vp8Inter return the headers of VP8 frames.
func vp8Key(width, height int) []byte {
	return []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, byte(width), byte(width >> 8), byte(height), byte(height >> 8), 1}
}

var vp8Inter = []byte{0x11, 0, 0, 7}

// celt returns an Opus packet of 20 ms.
func celt(n byte) []byte { return []byte{31 << 3, n} }

func manifest(t testing.TB) fixtures.Manifest {
	t.Helper()
	m, err := fixtures.Load()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// ffmpeg makes a file from fixtures. Without the program the test fails, as the whole suite would.
func ffmpeg(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), name)
	ffmpegtest.Run(t, append(args, out)...)
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fixture(name string) string { return filepath.Join("..", "..", "..", "fixtures", "media", name) }
