package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// quality says whether a file is comparable with ours: its size, the quantization parameters of its slices, and its
// similarity to ours (1 means equal pictures).
type quality struct {
	size int64
	qp   []int
	ssim float64
}

const compared = "10" // seconds of each file

func qualityOf(ctx context.Context, name, ours string) (quality, error) {
	info, err := os.Stat(name)
	if err != nil {
		return quality{}, err
	}
	q := quality{size: info.Size()}
	if q.qp, err = slices264(ctx, name); err != nil {
		return quality{}, err
	}
	said, err := ffmpegSays(ctx, "-t", compared, "-i", ours, "-t", compared, "-i", name,
		"-lavfi", "[0:v]settb=1/25,setpts=N[a];[1:v]settb=1/25,setpts=N[b];[a][b]ssim", "-f", "null", "-")
	if err != nil {
		return quality{}, err
	}
	m := ssimAll.FindStringSubmatch(said)
	if m == nil {
		return quality{}, fmt.Errorf("comparing %s with %s: no SSIM", name, ours)
	}
	q.ssim, err = strconv.ParseFloat(m[1], 64)
	return q, err
}

var (
	ssimAll  = regexp.MustCompile(`SSIM .* All:([0-9.]+)`)
	qpFields = regexp.MustCompile(`(pic_init_qp_minus26|slice_qp_delta) .* = (-?[0-9]+)`)
)

// slices264 returns the initial quantization parameters of the slices of a file.
func slices264(ctx context.Context, name string) (list []int, err error) {
	said, err := ffmpegSays(ctx, "-t", compared, "-i", name, "-map", "0:v", "-c", "copy", "-bsf:v", "trace_headers", "-f", "null", "-")
	if err != nil {
		return nil, err
	}
	initial := 26
	for _, m := range qpFields.FindAllStringSubmatch(said, -1) {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			return nil, err
		}
		if m[1] == "pic_init_qp_minus26" {
			initial = 26 + n
		} else if qp := initial + n; !slices.Contains(list, qp) {
			list = append(list, qp)
		}
	}
	slices.Sort(list)
	return list, nil
}

func ffmpegSays(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "ffmpeg", append([]string{"-hide_banner", "-nostdin", "-nostats"}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("ffmpeg %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}
