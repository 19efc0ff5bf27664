package main

import (
	"fmt"
	"strconv"
	"strings"

	"reelcheck/reference/cmd/bench/internal/media"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/compose"
	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/layout"
)

// The peers do what our composition does: they put every picture in the same place and size with the same kind of
// scaling, choose the same 25 of 30 frames/s (the newest one there is), and use the same encoders with the same options
// except threads.

// peerThreads is the number of x264 threads in a peer. With one thread a peer would need less CPU time but a fifth more
// time, since everything else would wait.
const peerThreads = 2

// place is where the picture of one input goes.
type place struct {
	layout.Rect
	input media.Input
}

func places(c rendering, inputs []media.Input) []place {
	var streams []layout.Stream
	for i := range inputs {
		streams = append(streams, layout.Stream{ID: strconv.Itoa(i)})
	}
	var list []place
	for i, t := range (layout.Layout{}).Arrange(streams, c.width, c.height) {
		list = append(list, place{t.Whole(c.source[0], c.source[1]), inputs[i]})
	}
	return list
}

// ffmpegPeer returns the command of a single ffmpeg process that composes with xstack and amix.
func ffmpegPeer(c rendering, at []place, out string) []string {
	args := []string{"ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "error", "-y"}
	var graph, video, audio strings.Builder
	var corners []string
	for i, p := range at {
		args = append(args, "-i", p.input.Both)
		fmt.Fprintf(&graph, "[%d:v]setpts=PTS-0.5/%[2]d/TB,fps=%[2]d:round=up,scale=%d:%d:flags=%s[v%d];", i, av.FrameRate, p.W, p.H, ffmpeg.Scaling, i)
		fmt.Fprintf(&video, "[v%d]", i)
		fmt.Fprintf(&audio, "[%d:a]", i)
		corners = append(corners, fmt.Sprintf("%d_%d", p.X, p.Y))
	}
	if len(at) > 1 {
		fmt.Fprintf(&graph, "%sxstack=inputs=%d:fill=black:layout=%s,pad=%d:%d[v];", video.String(), len(at), strings.Join(corners, "|"), c.width, c.height)
		fmt.Fprintf(&graph, "%samix=inputs=%d:normalize=0[a]", audio.String(), len(at))
	} else {
		graph.WriteString("[v0]null[v];[0:a]anull[a]")
	}
	v := c.video()
	args = append(args, "-filter_complex", graph.String(), "-map", "[v]", "-map", "[a]")
	args = append(args, v.X264()...)
	return append(args, "-threads:v", strconv.Itoa(peerThreads),
		"-c:a", "aac", "-aac_coder", ffmpeg.AACCoder, "-ac", "1", "-b:a", strconv.Itoa(ffmpeg.AudioBitrate), out)
}

// gstreamerPeer returns the command of a pipeline with GStreamer's compositor and audiomixer.
func gstreamerPeer(c rendering, at []place, out string) []string {
	v := c.video()
	args := []string{"gst-launch-1.0", "-q", "compositor", "name=v", "background=black"}
	for i, p := range at {
		args = append(args, fmt.Sprintf("sink_%d::xpos=%d", i, p.X), fmt.Sprintf("sink_%d::ypos=%d", i, p.Y),
			fmt.Sprintf("sink_%d::width=%d", i, p.W), fmt.Sprintf("sink_%d::height=%d", i, p.H))
	}
	pipe := fmt.Sprintf("! video/x-raw,format=I420,width=%d,height=%d,framerate=%d/1 ! queue max-size-buffers=3 ! "+
		"x264enc pass=quant quantizer=%d speed-preset=%s threads=%d key-int-max=%d bframes=0 option-string=%s ! "+
		"video/x-h264,profile=baseline ! h264parse ! queue ! mp4mux name=m ! filesink location=%s "+
		"audiomixer name=a ! audio/x-raw,channels=1,rate=%d ! audioconvert ! avenc_aac bitrate=%d aac-coder=%s ! queue ! m.",
		c.width, c.height, av.FrameRate, v.QP, v.Preset(), peerThreads, ffmpeg.KeyEvery, "ipratio=1:scenecut=0", out,
		av.SampleRate, ffmpeg.AudioBitrate, ffmpeg.AACCoder)
	args = append(args, strings.Fields(pipe)...)
	for i, p := range at {
		args = append(args, strings.Fields(fmt.Sprintf("filesrc location=%s ! matroskademux name=d%d "+
			"d%d.video_0 ! queue ! vp8dec threads=1 ! v.sink_%d d%d.audio_0 ! queue ! opusdec ! audioconvert ! a.", p.input.Both, i, i, i, i))...)
	}
	return args
}

func (c rendering) video() ffmpeg.Video {
	return ffmpeg.Video{Width: c.width, Height: c.height, QP: compose.DefaultQP}
}
