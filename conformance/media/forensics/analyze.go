// Package forensics reads what an archive file says about itself and what it shows.
//
// It parses the container and the bitstreams in Go without decoding. Then FFmpeg decodes the file in child processes,
// and the fixtures are recognised in the pictures and the sound: which stream was where and when, which of its frames,
// which tone at what level, and how far sound and picture are apart. Nothing about streams or layout is known in
// advance. If FFmpeg does not decode as many pictures as the parser counted, a finding says so.
//
// A bad file is never an error; findings describe it. An error means that the analysis could not run at all.
package forensics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strings"
	"sync"

	"reelcheck/conformance/media"
	"reelcheck/conformance/media/forensics/pictures"
	"reelcheck/fixtures"
)

// Options configures Analyze.
type Options struct {
	Fixtures fixtures.Manifest
	FFmpeg   string // default: ffmpeg in PATH
	Stills   int    // number of sample pictures to keep, spread over the file
	NoDecode bool   // container and bitstream facts only
}

// Analyze describes the file at path. It returns an error only if the file cannot be opened, FFmpeg cannot be run or ctx
// ended, whatever the file holds.
func Analyze(ctx context.Context, path string, o Options) (media.Report, error) {
	if o.FFmpeg == "" {
		o.FFmpeg = "ffmpeg"
	}
	f, err := os.Open(path)
	if err != nil {
		return media.Report{}, fmt.Errorf("analyze: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return media.Report{}, fmt.Errorf("analyze: %w", err)
	}
	if transport(f) {
		return remuxed(ctx, path, info.Size(), o)
	}
	r, facts := inspect(f, info.Size())
	if o.NoDecode || r.Has(media.Empty) || (r.Video == nil && r.Audio == nil) {
		return r, nil
	}
	version, err := Version(ctx, o.FFmpeg)
	if err != nil {
		return r, fmt.Errorf("analyze: %w", err)
	}
	r.Tools = append(r.Tools, media.ToolUsed{Name: "ffmpeg", Version: version})
	if r.Video != nil {
		if err := watch(ctx, path, o, &r, facts); err != nil {
			return r, fmt.Errorf("analyze video: %w", err)
		}
	}
	if r.Audio != nil {
		if err := listen(ctx, path, o, &r); err != nil {
			return r, fmt.Errorf("analyze audio: %w", err)
		}
	}
	return r, nil
}

func note(r *media.Report, k media.Kind, format string, args ...any) {
	r.Findings = append(r.Findings, media.Finding{Kind: k, Detail: fmt.Sprintf(format, args...)})
}

// versions caches the version of each program by its path. Asking for it takes longer than analysing a short file.
var versions sync.Map

// Version returns the version of an FFmpeg program, as it states it.
func Version(ctx context.Context, ffmpeg string) (string, error) {
	if known, ok := versions.Load(ffmpeg); ok {
		return known.(string), nil
	}
	out, err := exec.CommandContext(ctx, ffmpeg, "-version").Output()
	if err != nil {
		return "", fmt.Errorf("run %s -version: %w", ffmpeg, err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	version, _, _ := strings.Cut(strings.TrimPrefix(line, "ffmpeg version "), " ")
	versions.Store(ffmpeg, version)
	return version, nil
}

// decode runs FFmpeg with args and passes its output to read. complaint is what the decoder reported; err is a failure
// of our own or a canceled ctx.
func decode(ctx context.Context, ffmpeg string, args []string, read func(io.Reader) error) (complaint string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, ffmpeg, append([]string{"-hide_banner", "-nostdin", "-loglevel", "error", "-threads", "1",
		"-protocol_whitelist", "file", "-format_whitelist", "mov,matroska,mpegts"}, args...)...) // a file must not name others
	stderr := &head{limit: 2000}
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	giveWay(cmd.Process.Pid)
	rerr := read(stdout)
	if rerr != nil {
		cancel()
	}
	werr := cmd.Wait()
	if rerr != nil {
		return "", rerr
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	complaint = strings.TrimSpace(string(stderr.b))
	var exit *exec.ExitError
	if errors.As(werr, &exit) {
		return strings.TrimSpace(exit.Error() + ": " + complaint), nil
	}
	return complaint, werr
}

// head keeps the first bytes written to it.
type head struct {
	b     []byte
	limit int
}

func (h *head) Write(p []byte) (int, error) {
	h.b = append(h.b, p[:min(len(p), h.limit-len(h.b))]...)
	return len(p), nil
}

// watch decodes the video and fills Picture and Stills.
func watch(ctx context.Context, path string, o Options, r *media.Report, facts facts) error {
	w, h := r.Video.CodedWidth, r.Video.CodedHeight
	if w <= 0 || h <= 0 || w > 8192 || h > 8192 || w%2 != 0 || h%2 != 0 {
		note(r, media.Unsupported, "picture size %dx%d is not decoded", w, h)
		return nil
	}
	f := pictures.NewFrame(w, h)
	t := pictures.NewTracker(o.Fixtures, w, h)
	frames := 0
	// FFmpeg must not apply the edit list: sample i has to be picture i.
	args := []string{
		"-ignore_editlist", "1", "-noautorotate", "-i", path, "-map", "0:v:0", "-an", "-sn", "-dn",
		"-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-s", fmt.Sprintf("%dx%d", w, h), "-threads", "1", "-f", "rawvideo", "pipe:1",
	}
	keep := stillsAt(o.Stills, r.Video.Samples)
	complaint, err := decode(ctx, o.FFmpeg, args, func(out io.Reader) error {
		for {
			if _, err := io.ReadFull(out, f.Pix); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			} else if err != nil {
				return err
			}
			from, to := facts.shown(frames)
			t.Frame(f, from, to)
			if keep[frames] {
				png, err := f.PNG()
				if err != nil {
					return err
				}
				r.Stills = append(r.Stills, media.Still{At: millis(from), PNG: png})
			}
			frames++
		}
	})
	if err != nil {
		return err
	}
	if complaint != "" {
		note(r, media.Undecodable, "video: %s", complaint)
	}
	if frames != r.Video.Samples {
		note(r, media.FrameCount, "%d pictures decoded from %d samples", frames, r.Video.Samples)
	}
	r.Picture = t.Finish()
	for stream := range t.Unknown {
		note(r, media.UnknownMark, "a mark names stream %d, which no fixture has", stream)
	}
	return nil
}

// stillsAt returns n samples spread over the file, away from both ends.
func stillsAt(n, samples int) map[int]bool {
	keep := map[int]bool{}
	for i := range n {
		keep[samples*(2*i+1)/(2*n)] = true
	}
	return keep
}

// millis rounds seconds to a tenth of a millisecond, to keep reports short.
func millis(s float64) float64 { return math.Round(s*1e4) / 1e4 }
