package ffmpeg

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"reelcheck/reference/internal/av"
)

// Video describes the composed picture stream: H.264 Baseline, 25 frames/s, a key frame every 10 s.
type Video struct {
	Width, Height int
	QP            int // constant quantization parameter; used when Bitrate is 0
	Bitrate       int // constant bit rate in bit/s
}

const (
	// KeyEvery is the number of pictures from one key frame to the next.
	KeyEvery = 10 * av.FrameRate // ARC-COMP-25
	// rateBuffer is the time over which a constant bit rate may vary. The rate over 2 s is then off by at most 10 %,
	// over 10 s by 2 %, while a key frame may still take as much as five other frames.
	rateBuffer = 200 * time.Millisecond
	// encoderThreads is fixed, because x264 writes other bytes with another number of threads, and different bytes each
	// time with several threads and a rate buffer. One thread costs less than several that wait for each other
	// (decision 25).
	encoderThreads = 1
)

// Preset returns the x264 preset with which one composition of hard content needs less than one core in real time. It
// depends only on the size, so that the bytes do too.
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

// option is an option of FFmpeg's encoders.
type option struct{ name, value string }

// options returns the options with which FFmpeg's libx264 encodes v (ARC-COMP-02). With ipratio and pbratio of 1, every slice has
// exactly the requested quantization parameter.
func (v Video) options() []option {
	// ARC-COMP-07, ARC-COMP-25
	params := fmt.Sprintf("aud=1:ipratio=1:pbratio=1:keyint=%d:min-keyint=%d:scenecut=0:bframes=0:sliced-threads=0", KeyEvery, KeyEvery)
	rate := []option{{"qp", strconv.Itoa(v.QP)}} // ARC-RATE-02, ARC-RATE-03, ARC-RATE-05
	if v.Bitrate > 0 {
		b := strconv.Itoa(v.Bitrate)
		buffer := strconv.FormatInt(int64(v.Bitrate)*rateBuffer.Milliseconds()/1000, 10)
		rate = []option{{"b", b}, {"minrate", b}, {"maxrate", b}, {"bufsize", buffer}} // ARC-RATE-06, ARC-RATE-08
		params += ":nal-hrd=cbr"
	}
	list := []option{{"preset", v.Preset()}, {"profile", "baseline"}, {"level", v.level()}, {"threads", strconv.Itoa(encoderThreads)}} // ARC-COMP-07
	return append(append(list, rate...), option{"x264-params", params})
}

// aacOptions returns the options with which FFmpeg's AAC encoder gives what the service does.
func aacOptions() []option {
	return []option{
		{"profile", "aac_low"}, {"b", strconv.Itoa(AudioBitrate)}, {"flags", "+bitexact"}, {"threads", "1"}, // ARC-COMP-03, ARC-COMP-05, ARC-RATE-09
		{"aac_coder", AACCoder},
	}
}

// arguments returns the options as arguments of the ffmpeg program, for one kind of stream.
func arguments(kind string, list []option) (args []string) {
	for _, o := range list {
		args = append(args, "-"+o.name+":"+kind, o.value)
	}
	return args
}

// X264 returns the arguments with which the ffmpeg program encodes v.
func (v Video) X264() []string {
	return append([]string{"-c:v", "libx264"}, arguments("v", v.options())...)
}

// encodeH264 starts a child that encodes planar 4:2:0 pictures to an Annex B stream; see [bitstream.AccessUnits].
func (c Config) encodeH264(ctx context.Context, v Video) (*Encoder, error) {
	c.nice = higher
	args := []string{
		"-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", fmt.Sprintf("%dx%d", v.Width, v.Height), // ARC-COMP-09
		"-framerate", strconv.Itoa(av.FrameRate), "-i", "pipe:0",
	}
	e, err := c.encoder(ctx, append(append(args, v.X264()...), "-flush_packets", "1", "-f", "h264", "pipe:1"))
	if err == nil {
		widen(e.process.stdin, v.Width*v.Height*3/2)
	}
	return e, err
}

const (
	AudioBitrate = 128000
	// AACCoder is the coding method of FFmpeg's encoder. The manual calls this one better, and much faster, at such bit
	// rates.
	AACCoder = "fast"
)

// encodeAAC starts a child that encodes mono float32 samples, little endian, to AAC-LC in ADTS; see [bitstream.ADTS].
func (c Config) encodeAAC(ctx context.Context) (*Encoder, error) {
	return c.encoder(ctx, append([]string{
		"-probesize", "32", "-analyzeduration", "0", "-f", "f32le", "-ar", strconv.Itoa(av.SampleRate), "-ac", "1", "-i", "pipe:0",
		"-c:a", "aac"}, append(arguments("a", aacOptions()), "-flush_packets", "1", "-f", "adts", "pipe:1")...))
}

// Convert starts the ffmpeg program with the arguments. It converts what is written to the Encoder to what is read from
// it.
func (c Config) Convert(ctx context.Context, args ...string) (*Encoder, error) {
	return c.encoder(ctx, args)
}
