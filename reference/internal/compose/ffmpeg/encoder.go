package ffmpeg

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Video describes the composed picture stream: H.264 Baseline, 25 frames/s, a key frame every 10 s.
type Video struct {
	Width, Height int
	QP            int // constant quantization parameter, when Bitrate is 0
	Bitrate       int // constant bit rate, bit/s
}

const (
	// FrameRate and KeyEvery are those of the files the service produces.
	FrameRate = 25
	KeyEvery  = 10 * FrameRate
	// rateBuffer is the time within which a constant bit rate may vary. What is sent in 2 s is then at most 10 % off, in 10 s 2 %, while
	// a key frame may still take what five other frames do.
	rateBuffer = 200 * time.Millisecond
	// EncoderThreads is fixed: with another number x264 writes other bytes.
	EncoderThreads = 2
)

// Preset keeps one composition of hard content under one core in real time. It depends on nothing but the size, as the
// bytes do.
func (v Video) Preset() string {
	switch pixels := v.Width * v.Height; {
	case pixels <= 640*480:
		return "veryfast"
	case pixels <= 1280*720:
		return "superfast"
	default:
		return "ultrafast"
	}
}

func (v Video) level() string {
	if v.Width*v.Height > 1280*720 {
		return "4.1"
	}
	return "3.1"
}

// X264 are the options that make FFmpeg encode v.
// With ipratio and pbratio of 1 every slice has exactly the quantization parameter asked for.
func (v Video) X264() []string {
	params := fmt.Sprintf("aud=1:ipratio=1:pbratio=1:keyint=%d:min-keyint=%d:scenecut=0:bframes=0:sliced-threads=0", KeyEvery, KeyEvery)
	rate := []string{"-qp", strconv.Itoa(v.QP)}
	if v.Bitrate > 0 {
		b := strconv.Itoa(v.Bitrate)
		buffer := strconv.FormatInt(int64(v.Bitrate)*rateBuffer.Milliseconds()/1000, 10)
		rate = []string{"-b:v", b, "-minrate", b, "-maxrate", b, "-bufsize", buffer}
		params += ":nal-hrd=cbr"
	}
	args := []string{"-c:v", "libx264", "-preset", v.Preset(), "-profile:v", "baseline", "-level", v.level(), "-threads", strconv.Itoa(EncoderThreads)}
	return append(append(args, rate...), "-x264-params", params)
}

// EncodeH264 starts a child that takes planar 4:2:0 pictures and gives an Annex B stream; see [AccessUnits].
func (c Config) EncodeH264(ctx context.Context, v Video) (*Encoder, error) {
	args := []string{
		"-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", fmt.Sprintf("%dx%d", v.Width, v.Height),
		"-framerate", strconv.Itoa(FrameRate), "-i", "pipe:0",
	}
	e, err := c.encoder(ctx, append(append(args, v.X264()...), "-flush_packets", "1", "-f", "h264", "pipe:1"))
	if err == nil {
		widen(e.process.stdin, v.Width*v.Height*3/2)
	}
	return e, err
}

const (
	SampleRate   = 48000
	AACFrame     = 1024 // samples of one frame, and the priming of FFmpeg's encoder
	AudioBitrate = 128000
)

// EncodeAAC starts a child that takes mono float32 samples, little endian, and gives AAC-LC in ADTS; see [ADTS].
func (c Config) EncodeAAC(ctx context.Context) (*Encoder, error) {
	return c.encoder(ctx, []string{
		"-probesize", "32", "-analyzeduration", "0", "-f", "f32le", "-ar", strconv.Itoa(SampleRate), "-ac", "1", "-i", "pipe:0",
		"-c:a", "aac", "-profile:a", "aac_low", "-b:a", strconv.Itoa(AudioBitrate), "-flags", "+bitexact", "-threads", "1",
		"-flush_packets", "1", "-f", "adts", "pipe:1",
	})
}

// Convert starts a child that turns what is written to it into what is read from it, as the arguments say.
func (c Config) Convert(ctx context.Context, args ...string) (*Encoder, error) {
	return c.encoder(ctx, args)
}

// AccessUnits cuts an Annex B stream at its access unit delimiters.
type AccessUnits struct {
	r   io.Reader
	buf []byte
	eof bool
}

// NewAccessUnits reads from r.
func NewAccessUnits(r io.Reader) *AccessUnits { return &AccessUnits{r: r} }

const (
	delimiter  = "\x00\x00\x00\x01\x09"
	maxUnit    = 16 << 20
	readAtOnce = 64 << 10
)

// Next returns the next access unit, which the caller may keep; io.EOF at the end.
func (a *AccessUnits) Next() ([]byte, error) {
	searched := len(delimiter)
	for {
		if from := min(searched, len(a.buf)); len(a.buf) > len(delimiter) {
			if i := bytes.Index(a.buf[from:], []byte(delimiter)); i >= 0 {
				unit := a.buf[: from+i : from+i]
				a.buf = a.buf[from+i:]
				return unit, nil
			}
			searched = max(searched, len(a.buf)-len(delimiter))
		}
		switch {
		case a.eof && len(a.buf) == 0:
			return nil, io.EOF
		case a.eof:
			unit := a.buf
			a.buf = nil
			return unit, nil
		case len(a.buf) > maxUnit:
			return nil, fmt.Errorf("access unit of more than %d bytes", maxUnit)
		}
		if err := a.fill(); err != nil {
			return nil, err
		}
	}
}

// fill never writes to bytes already handed out: those are before buf, and growing copies.
func (a *AccessUnits) fill() error {
	if cap(a.buf)-len(a.buf) < readAtOnce {
		a.buf = append(make([]byte, 0, 2*len(a.buf)+8*readAtOnce), a.buf...)
	}
	n, err := a.r.Read(a.buf[len(a.buf):cap(a.buf)])
	a.buf = a.buf[:len(a.buf)+n]
	a.eof = errors.Is(err, io.EOF)
	if a.eof {
		return nil
	}
	return err
}

// ADTS takes the frames out of an ADTS stream (ISO/IEC 13818-7 section 6.2).
type ADTS struct{ r *bufio.Reader }

// NewADTS reads from r.
func NewADTS(r io.Reader) *ADTS { return &ADTS{bufio.NewReader(r)} }

// Next returns the next raw AAC frame; io.EOF at the end.
func (a *ADTS) Next() ([]byte, error) {
	var head [7]byte
	if _, err := io.ReadFull(a.r, head[:]); err != nil {
		return nil, err
	}
	if head[0] != 0xff || head[1]&0xf6 != 0xf0 {
		return nil, fmt.Errorf("no ADTS header: % x", head)
	}
	size := int(head[3]&3)<<11 | int(head[4])<<3 | int(head[5])>>5
	skip := 7
	if head[1]&1 == 0 { // a checksum follows
		skip = 9
	}
	if size < skip {
		return nil, fmt.Errorf("ADTS frame of %d bytes", size)
	}
	b := make([]byte, size-7)
	if _, err := io.ReadFull(a.r, b); err != nil {
		return nil, fmt.Errorf("ADTS frame cut short: %w", err)
	}
	return b[skip-7:], nil
}
